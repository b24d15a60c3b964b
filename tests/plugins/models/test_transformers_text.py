"""Hugging Face's text classifiers: a tiny network with random weights, beside their own pipeline."""

import json

import numpy as np
import pytest

import limefw
from limefw.errors import ModelSourceError, UntrustedError
from limefw.testing import check_plugin


torch = pytest.importorskip("torch", reason="needs the extra transformers")
hf = pytest.importorskip("transformers", reason="needs the extra transformers")
tokenizers = pytest.importorskip("tokenizers", reason="needs the extra transformers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "film", "not", "and", "music", "day", "##s"]
STRING = "a good film and not a bad day"


def network(**changes):
    """Return a small BERT whose random weights are large enough to tell words apart."""
    settings = {
        "vocab_size": len(WORDS), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "max_position_embeddings": 24, "id2label": {0: "neg", 1: "pos", 2: "so"},
        "initializer_range": 0.8, **changes,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return hf.BertForSequenceClassification(hf.BertConfig(**settings)).eval()


def tokenizer():
    made = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]", model_max_length=24
    )


@pytest.fixture
def folder(tmp_path):
    network().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    return tmp_path


def test_a_folder_answers_as_their_pipeline_does(folder):
    """The same probabilities, whatever the batch; classes by name."""
    model = limefw.model(folder)
    assert (model.modality, model.classes, model.contract.head) == ("text", ("neg", "pos", "so"), "logits")
    texts = [STRING, "bad", "a good day " * 20]
    pipe = hf.pipeline("text-classification", model=str(folder), top_k=None, truncation=True)
    want = [
        [{item["label"]: item["score"] for item in answer}[name] for name in model.classes] for answer in pipe(texts)
    ]
    np.testing.assert_allclose(model.head.columns(model.predict(texts)), want, atol=1e-5)
    alone = np.concatenate([model.predict([text]) for text in texts])
    np.testing.assert_allclose(model.predict(texts), alone, atol=1e-4)
    again = limefw.model(pipe)
    np.testing.assert_allclose(again.predict(texts), model.predict(texts), atol=1e-6)


def test_it_is_explained_by_words_and_by_its_own_tokens(folder):
    """Through the folder alone; the effects are those of the network's own answers."""
    found = limefw.explain(STRING, folder, filler="mask", segmenter={"bag": False}, samples=300)
    assert found.provenance["rows"]["predicted"] <= 300
    assert found.names[found.labels[0]] in ("neg", "pos", "so")
    tokens = limefw.explain(STRING, folder, segmenter={"use": "tokens", "file": str(folder)}, samples=300)
    assert tokens.segments.names[:3] == ("a", "good", "film")
    own = limefw.explain(STRING, folder, segmenter=limefw.by_tokens(tokenizer()), samples=300)
    np.testing.assert_allclose(own.effects(), tokens.effects(), atol=1e-6)


def test_what_is_asked_changes_no_mode_and_a_cache_serves_it(folder):
    cache = {}
    limefw.explain(STRING, folder, samples=100, cache=cache)
    assert limefw.explain(STRING, folder, samples=100, cache=cache).provenance["rows"]["predicted"] == 0
    pipe = hf.pipeline("text-classification", model=network().train(), tokenizer=tokenizer())
    pipe.model.train()
    limefw.explain(STRING, pipe, samples=20)
    assert pipe.model.training


def test_a_text_that_is_too_long_is_cut(folder):
    """As many tokens as the network has places for; fewer where that is said."""
    model = limefw.model(folder)
    long = "good " * 200
    np.testing.assert_allclose(model.predict([long]), model.predict(["good " * 22]), atol=1e-5)
    short = limefw.model(folder, use={"use": "transformers_text", "max_length": 5})
    np.testing.assert_allclose(short.predict([long]), model.predict(["good " * 3]), atol=1e-5)


def test_regressors_are_known_by_their_config(tmp_path):
    network(num_labels=1, id2label={0: "stars"}, problem_type="regression").save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    assert limefw.model(tmp_path).task == "regression"


def test_a_folder_without_its_tokenizer_is_told(tmp_path):
    network().save_pretrained(tmp_path)
    with pytest.raises(ModelSourceError, match="there is no tokenizer in it"):
        limefw.model(tmp_path)


def test_what_cannot_be_loaded_is_told(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UntrustedError, match="are a pickle"):
        limefw.model(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelSourceError, match="holds no weights"):
        limefw.model(folder)
    (folder / "config.json").write_text(json.dumps({"architectures": ["ViTForImageClassification"]}))
    with pytest.raises(ModelSourceError, match="a text classifier of Hugging Face is a folder"):
        limefw.model(folder, use="transformers_text")
    with pytest.raises(limefw.ModelError, match="is for text, and this is image"):
        limefw.explain(
            np.zeros((8, 8, 3), np.uint8), hf.pipeline("text-classification", model=network(), tokenizer=tokenizer())
        )


def test_it_keeps_its_promises(folder):
    check_plugin("models", "transformers_text", source=folder)
