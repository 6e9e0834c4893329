using ArrowQuant.Storage;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>Compares what another reader decoded with what the artefact holds.</summary>
internal static class ExportAssert
{
    /// <summary>|found - expected| / |expected|, computed here and not by the library.</summary>
    public static double RelativeError(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        Assert.Equal(expected.Length, found.Length);
        double error = 0, energy = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow((double)found[i] - expected[i], 2);
            energy += Math.Pow(expected[i], 2);
        }

        return error == 0 ? 0 : Math.Sqrt(error / energy);
    }

    /// <summary>Requires the shape of a tensor, innermost dimension first, ones at the end left out.</summary>
    public static void Sizes(StoredLayer layer, IReadOnlyList<long> sizes)
    {
        long[] expected = [.. layer.Shape.Dimensions.Reverse(), .. Enumerable.Repeat(1L, 4 - layer.Shape.Rank)];
        Assert.Equal(expected, sizes);
    }
}
