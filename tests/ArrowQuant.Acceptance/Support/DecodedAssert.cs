using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Support;

/// <summary>Compares what a result states with what an independent reader decodes.</summary>
public static class DecodedAssert
{
    // The library adds blocks in double from float32 products in another order than the test does.
    private const double Tolerance = 1e-6;

    /// <summary>Every layer's figures and the mean are those of the decoded weights, and every kept tensor is as it was.</summary>
    public static void StatesTheTruth(QuantizationResult result, string originalFile, string artefact) =>
        StatesTheTruth(result, WeightFile.Read(originalFile), artefact);

    /// <summary>The same for weights that are read already.</summary>
    public static void StatesTheTruth(
        QuantizationResult result, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> original, string artefact)
    {
        Dictionary<string, (long[] Shape, float[] Values)> decoded = ArtefactDecoder.Decode(artefact);
        Assert.Equal(original.Keys.Order(StringComparer.Ordinal), decoded.Keys.Order(StringComparer.Ordinal));
        double sum = 0;
        foreach (LayerReport layer in result.Layers)
        {
            (long[] shape, float[] values) = original[layer.Name];
            float[] found = decoded[layer.Name].Values;
            Assert.Equal(shape, decoded[layer.Name].Shape);
            double cosine = Figures.Cosine(values, found);
            Assert.Equal(cosine, layer.CosineSimilarity, Tolerance);
            Assert.Equal(Figures.Nmse(values, found), layer.Nmse, Tolerance);
            Assert.Equal(Figures.Gain(values, found), layer.Gain, Tolerance);
            Assert.Equal(Figures.NormRatio(values, found), layer.NormRatio, Tolerance);
            Assert.Equal(Figures.MaxAbsoluteError(values, found), layer.MaxAbsError, 1e-6 * (1 + layer.MaxAbsError));
            sum += cosine;
        }

        Assert.Equal(sum / result.Layers.Count, result.WeightCosineSimilarity, Tolerance);
        foreach (KeptReport kept in result.Kept)
        {
            if (kept.Reason == "not_float") continue;
            Assert.Equal(original[kept.Name].Values, decoded[kept.Name].Values);
        }
    }
}
