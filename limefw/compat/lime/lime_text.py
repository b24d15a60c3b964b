"""Explanations of texts."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.compat.lime import explanation, lime_base
from limefw.compat.lime._page import text_html
from limefw.compat.lime._support import (
    DEFAULT_LABELS,
    ask,
    distances_of,
    exponential_kernel,
    fill,
    random_state_of,
    refuse_many,
    stage,
)
from limefw.errors import InputError
from limefw.modalities.text import Text, TextComposer
from limefw.types import Draws, Floats, Segments


CHUNK = 512
"""Texts a call of the model: lime gives it all of them at once."""

MOST = 0.7
"""The strength of the strongest word's colour, over which it can still be read."""


class TextDomainMapper(explanation.DomainMapper):
    """From features' numbers to words.

    Args:
        indexed_string: the text.
    """

    def __init__(self, indexed_string: Any) -> None:
        self.indexed_string = indexed_string

    def map_exp_ids(self, exp: explanation.Pairs, positions: bool = False) -> explanation.Pairs:  # type: ignore[override]
        """Return words in the place of numbers; with `positions`, as "bad_3-6-12": where the word begins."""
        found = []
        for feature, weight in exp:
            word = self.indexed_string.word(feature)
            if positions:
                starts = self.indexed_string.string_position(feature)
                word = f"{word}_{'-'.join(str(int(start)) for start in starts)}"
            found.append((word, weight))
        return found

    def visualize_instance_html(  # type: ignore[override]
        self,
        exp: explanation.Pairs,
        label: int,
        div_name: str,
        exp_object_name: str,
        text: bool = True,
        opacity: bool = True,
    ) -> Any:
        """Return the text with the words marked that have a weight.

        Args:
            exp: (feature, weight) pairs.
            label: not used.
            div_name: not used.
            exp_object_name: not used.
            text: False shows nothing.
            opacity: fade colours with the weight.
        """
        if not text:
            return ""
        most = max((abs(weight) for _, weight in exp), default=0.0) or 1.0
        weights = {}
        for feature, weight in exp:
            for start in self.indexed_string.string_position(feature):
                weights[int(start)] = weight
        raw, pieces, done = self.indexed_string.raw_string(), [], 0
        for start, piece in zip(self.indexed_string.string_start.tolist(), self.indexed_string.as_list, strict=False):
            weight = weights.get(start, 0.0)
            if weight:
                pieces += [(raw[done:start], 0.0, 0.0), (piece, weight, MOST * (abs(weight) / most if opacity else 1))]
                done = start + len(piece)
        return text_html([*pieces, (raw[done:], 0.0, 0.0)])


class _Indexed:
    """What indexed strings share: pieces of a text, of which some are features.

    Attributes:
        raw: the text.
        as_list: its pieces, in order.
        as_np: the same as an array.
        string_start: where each begins.
        inverse_vocab: the features' words.
        positions: each feature's pieces, or its one piece where `bow` is False.
        bow: a word is one feature wherever it stands.
        mask_string: what a feature is replaced by where `bow` is False.
    """

    def _index(self, raw: str, pieces: list[str], words: Iterable[bool], *, bow: bool, mask: str) -> None:
        self.raw, self.as_list, self.bow, self.mask_string = raw, pieces, bow, mask
        # objects: NumPy cuts NUL off the end of its own strings
        self.as_np = np.array(pieces, dtype=object)
        self.string_start = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces[:-1]], dtype=np.intp)])
        self.inverse_vocab: list[str] = []
        places = [at for at, is_word in enumerate(words) if is_word]
        self.positions: Any
        if not bow:
            self.inverse_vocab = [pieces[at] for at in places]
            self.positions = np.array(places, dtype=np.intp)
            return
        by_word: dict[str, list[int]] = {}
        for at in places:
            by_word.setdefault(pieces[at], []).append(at)
        self.inverse_vocab, self.positions = list(by_word), list(by_word.values())

    def raw_string(self) -> str:
        """Return the text."""
        return self.raw

    def num_words(self) -> int:
        """Return the number of features."""
        return len(self.inverse_vocab)

    def word(self, id_: int) -> str:
        """Return a feature's word."""
        return self.inverse_vocab[id_]

    def string_position(self, id_: int) -> NDArray[np.intp]:
        """Return where a feature's words begin."""
        return np.asarray(self.string_start[np.atleast_1d(self.positions[id_])])

    def inverse_removing(self, words_to_remove: Any) -> str:
        """Return the text without some features (or, where `bow` is False, with the mask in their places)."""
        codes = np.ones((1, self.num_words()), dtype=np.bool_)
        codes[0, np.asarray(words_to_remove, dtype=np.intp)] = False
        return self.composer().compose(Draws(codes))[0]

    def composer(self) -> TextComposer:
        """Return what makes texts of rows that say which features are there."""
        owners = np.full(len(self.as_list), -1)
        for feature, places in enumerate(self.positions):
            owners[places] = feature
        labels = np.repeat(owners, [len(piece) for piece in self.as_list])
        features = Segments(labels, tuple(self.inverse_vocab))
        return TextComposer.of(Text(self.raw), features, "" if self.bow else self.mask_string)


class IndexedString(_Indexed):
    """A text cut into words.

    Args:
        raw_string: the text.
        split_expression: a regular expression of what stands between words, or a function from a text to its words, in
            order.
        bow: a word is one feature wherever it stands, and is removed; else each place is one, and is masked.
        mask_string: of the latter; None: UNKWORDZ.
    """

    def __init__(
        self,
        raw_string: str,
        split_expression: str | Callable[[str], Sequence[str]] = r"\W+",
        bow: bool = True,
        mask_string: str | None = None,
    ) -> None:
        if callable(split_expression):
            tokens = list(split_expression(raw_string))
            pieces, known = self._segment_with_tokens(raw_string, tokens), set(tokens)
            words = [piece in known for piece in pieces]
        else:
            separator = re.compile(f"(?:{split_expression})|$")
            pieces = _pieces(separator, raw_string)
            words = [separator.match(piece) is None for piece in pieces]
        self._index(raw_string, pieces, words, bow=bow, mask="UNKWORDZ" if mask_string is None else mask_string)

    @staticmethod
    def _segment_with_tokens(text: str, tokens: Iterable[str]) -> list[str]:
        """Cut a text around tokens, which occur in it in this order.

        Raises:
            ValueError: where one does not.
        """
        pieces, done = [], 0
        for token in tokens:
            start = text.find(token, done)
            if start < 0:
                raise ValueError(
                    f"Tokenization produced tokens that do not belong in string! {token!r} is not in "
                    f"{text[done : done + 60]!r}"
                )
            pieces += [text[done:start]] * (start > done) + [token]
            done = start + len(token)
        return pieces + [text[done:]] * (done < len(text))


class IndexedCharacters(_Indexed):
    """A text cut into characters.

    Args:
        raw_string: the text.
        bow: a character is one feature wherever it stands, and is removed; else each place is one, and is masked.
        mask_string: of the latter; None: chr(0).
    """

    def __init__(self, raw_string: str, bow: bool = True, mask_string: str | None = None) -> None:
        mask = chr(0) if mask_string is None else mask_string
        self._index(raw_string, list(raw_string), [True] * len(raw_string), bow=bow, mask=mask)


def _pieces(separator: re.Pattern[str], text: str) -> list[str]:
    """Cut a text into what matches and what stands between; groups in the expression do not count."""
    pieces, done = [], 0
    for match in separator.finditer(text):
        pieces += [text[done : match.start()], match.group()]
        done = match.end()
    return [piece for piece in [*pieces, text[done:]] if piece]


class LimeTextExplainer:
    """Explains predictions on texts.

    Args:
        kernel_width: of the kernel.
        kernel: from distances and the width to weights; None: an exponential one.
        verbose: print what the linear model predicts for the instance.
        class_names: of the outputs; None: their numbers.
        feature_selection: "auto", "forward_selection", "highest_weights", "lasso_path" or "none"; see LimeBase.
        split_expression: see IndexedString.
        bow: see IndexedString.
        mask_string: see IndexedString.
        random_state: a number, a RandomState, or None for NumPy's global one.
        char_level: characters instead of words.
    """

    def __init__(
        self,
        kernel_width: float = 25,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        split_expression: str | Callable[[str], Sequence[str]] = r"\W+",
        bow: bool = True,
        mask_string: str | None = None,
        random_state: Any = None,
        char_level: bool = False,
    ) -> None:
        self.random_state = random_state_of(random_state)
        kernel_fn = partial(kernel or exponential_kernel, kernel_width=kernel_width)
        self.base = lime_base.LimeBase(kernel_fn, verbose, random_state=self.random_state)
        self.class_names = class_names
        self.vocabulary = None
        self.feature_selection = feature_selection
        self.bow = bow
        self.mask_string = mask_string
        self.split_expression = split_expression
        self.char_level = char_level

    def explain_instance(
        self,
        text_instance: str,
        classifier_fn: Callable[[Any], Any],
        labels: Sequence[int] = DEFAULT_LABELS,
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "cosine",
        model_regressor: Any = None,
    ) -> explanation.Explanation:
        """Explain one text.

        Args:
            text_instance: the text.
            classifier_fn: from a list of texts to ``(n, k)`` outputs. It is asked once for each different text.
            labels: what to explain where `top_labels` is None.
            top_labels: explain so many of the strongest outputs.
            num_features: how many words at the most.
            num_samples: rows to draw; the text itself counts.
            distance_metric: of scikit-learn, between rows of 0 and 1; distances are multiplied by 100.
            model_regressor: see LimeBase.

        Raises:
            InputError: the text has no words.
        """
        indexed: _Indexed = (
            IndexedCharacters(text_instance, bow=self.bow, mask_string=self.mask_string)
            if self.char_level
            else IndexedString(
                text_instance, bow=self.bow, split_expression=self.split_expression, mask_string=self.mask_string
            )
        )
        if not indexed.num_words():
            raise InputError(f"there is no word to explain in {text_instance[:80]!r}: see split_expression")
        refuse_many(indexed.num_words(), "words")
        around = self.__data_labels_distances(indexed, classifier_fn, num_samples, distance_metric)
        outputs = around[1]
        if self.class_names is None:
            self.class_names = [str(label) for label in range(outputs.shape[1])]
        found = explanation.Explanation(
            TextDomainMapper(indexed), "classification", self.class_names, self.random_state
        )
        found.predict_proba = outputs[0]
        fill(found, self, around, labels, top_labels, num_features, model_regressor)
        return found

    def __data_labels_distances(
        self,
        indexed_string: Any,
        classifier_fn: Callable[[Any], Any],
        num_samples: int,
        distance_metric: str = "cosine",
    ) -> tuple[NDArray[np.bool_], Floats, Floats]:
        """Return which words are in each drawn text, the model's outputs for it, and its distance times 100."""
        names = tuple(indexed_string.inverse_vocab)
        features, draw = Segments(np.arange(len(names)), names), stage("samplers", "lime_text")
        draws = Draws.join(list(draw(Text(indexed_string.raw_string()), features, num_samples, self.random_state)))
        outputs = ask(indexed_string.composer(), draws, classifier_fn, chunk=CHUNK)
        return draws.codes, outputs, 100 * distances_of(draws.codes, distance_metric, on=True)
