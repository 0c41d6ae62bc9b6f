"""AlexNet as scikit-learn has its estimators: `alexnet.sklearn.AlexNetClassifier` (the extra `sklearn`).

estimator    the classifier: fit, predict, predict_proba, transform, score
pictures     what it takes as X: pictures in their forms, and tables of numbers as grey squares
"""

from alexnet.errors import missing

try:
    from alexnet.sklearn.estimator import AlexNetClassifier
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    raise missing("scikit-learn", "sklearn", "alexnet.sklearn") from None

__all__ = ["AlexNetClassifier"]
