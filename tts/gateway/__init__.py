"""An endpoint of the OpenAI API in front of the engine; needs the extra `serve`."""
