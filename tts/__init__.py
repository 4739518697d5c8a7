"""tts-engine: spends test-time compute well."""
