"""datatrove_inference.py URL MODEL IN_FLIGHT CHAINS.jsonl FOLDER: datatrove's InferenceRunner against an endpoint that runs.

A document is a chain, a rollout asks about its texts one after the other. Answers are kept so that a run can be resumed
(checkpoints), as our own rounds keep theirs.
"""

import json
import resource
import sys

from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from datatrove.pipeline.writers import JsonlWriter
from loguru import logger

url, model, in_flight, file, folder = sys.argv[1:]
logger.remove()
logger.add(sys.stderr, level="WARNING")


async def rollout(document, generate):
    history, answers = "", []
    for text in json.loads(document.text):
        prompt = f"{history}<s> <CON> {text} </CON>\n\n"
        result = await generate(
            {"prompt": prompt, "max_tokens": 400, "temperature": 0, "n": 1, "add_special_tokens": False}
        )
        answers.append(result.text)
        history = f"{prompt}{result.text}</s>"
    return answers


def documents():
    with open(file, encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            yield Document(text=line, id=str(i))


runner = InferenceRunner(
    rollout_fn=rollout,
    config=InferenceConfig(
        server_type="endpoint",
        endpoint_url=url,
        model_name_or_path=model,
        use_chat=False,
        max_concurrent_generations=int(in_flight),
        metric_interval=3600,
    ),
    output_writer=JsonlWriter(f"{folder}/output", output_filename="${rank}_${chunk_index}.jsonl", compression=None),
    checkpoints_local_dir=f"{folder}/checkpoints",
    records_per_chunk=500,
)
before = resource.getrusage(resource.RUSAGE_SELF)
runner.run(documents())
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpuSeconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))
