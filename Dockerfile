# docker build -t tts-engine . && docker run --rm -v "$PWD:/work" tts-engine demo
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)[serve]" && rm -r /wheels \
    && useradd --create-home tts && mkdir /work && chown tts /work
USER tts
WORKDIR /work
ENTRYPOINT ["tts"]
CMD ["--help"]
