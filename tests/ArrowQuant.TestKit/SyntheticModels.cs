using System.Text.Json;

namespace ArrowQuant.TestKit;

/// <summary>Seeded models of random weights: the same values on every machine and with every framework version.</summary>
public static class SyntheticModels
{
    /// <summary>The group in which outliers come as one pair.</summary>
    public const int OutlierGroup = 128;

    /// <summary>The layers that <see cref="Write"/> makes unless told otherwise.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> DefaultLayers { get; } =
    [
        ("blocks.0.attn.qkv.weight", [256, 512]),
        ("blocks.0.attn.qkv.bias", [256]),
        ("blocks.0.mlp.fc1.weight", [512, 256]),
        ("blocks.1.attn.qkv.weight", [256, 512]),
        ("blocks.1.mlp.fc1.weight", [512, 256]),
    ];

    /// <summary>
    /// Draws <paramref name="count"/> values. <paramref name="outlierDeviations"/> is the k of
    /// <see cref="WeightDistribution.GaussianWithOutliers"/>; it needs whole groups of 128.
    /// </summary>
    /// <exception cref="ArgumentException">Outliers are asked for and the count is no multiple of 128.</exception>
    public static float[] Values(WeightDistribution distribution, int count, ulong seed, double standardDeviation = 0.02,
        double outlierDeviations = 20)
    {
        SeededRandom random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(standardDeviation * Draw(distribution, random));
        if (distribution == WeightDistribution.GaussianWithOutliers)
            PlaceOutliers(values, random, (float)(standardDeviation * outlierDeviations));
        return values;
    }

    /// <summary>
    /// Writes <c>model.safetensors</c> and <c>metadata.json</c> into <paramref name="folder"/> (made if missing) and returns the
    /// folder. With <paramref name="modality"/> null nothing says what the model is.
    /// Layer i draws from seed + i; 1-D tensors are always Gaussian.
    /// </summary>
    public static string Write(string folder, WeightDistribution distribution, ulong seed, string? modality = "image",
        IReadOnlyList<(string Name, long[] Shape)>? layers = null, double outlierDeviations = 20)
    {
        Directory.CreateDirectory(folder);
        List<RawTensor> tensors = [];
        foreach ((string name, long[] shape) in layers ?? DefaultLayers)
        {
            int count = checked((int)shape.Aggregate(1L, (product, size) => product * size));
            WeightDistribution drawn = shape.Length > 1 ? distribution : WeightDistribution.Gaussian;
            float[] values = Values(drawn, count, seed + (ulong)tensors.Count, outlierDeviations: outlierDeviations);
            tensors.Add(RawTensor.FromFloats(name, "F32", shape, values));
        }

        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        if (modality is not null)
        {
            metadata.Add("modality", modality);
            metadata.Add("model_type", "diffusion");
            File.WriteAllText(Path.Combine(folder, "metadata.json"), JsonSerializer.Serialize(metadata));
        }

        WeightFileWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, modality is null ? null : metadata);
        return folder;
    }

    private static double Draw(WeightDistribution distribution, SeededRandom random) => distribution switch
    {
        WeightDistribution.Laplace => DrawLaplace(random),
        WeightDistribution.StudentFive => DrawStudent(random, 5),
        WeightDistribution.StudentThree => DrawStudent(random, 3),
        _ => random.NextGaussian(),
    };

    private static double DrawLaplace(SeededRandom random)
    {
        double u = random.NextUniform() - 0.5;
        return -Math.CopySign(Math.Log(1 - (2 * Math.Abs(u))), u) / Math.Sqrt(2); // variance of the plain one is 2
    }

    private static double DrawStudent(SeededRandom random, int degrees)
    {
        double gaussian = random.NextGaussian();
        double squares = 0;
        for (int i = 0; i < degrees; i++)
        {
            double part = random.NextGaussian();
            squares += part * part;
        }

        return gaussian / Math.Sqrt(squares / degrees) * Math.Sqrt((degrees - 2.0) / degrees);
    }

    private static void PlaceOutliers(float[] values, SeededRandom random, float magnitude)
    {
        if (values.Length % OutlierGroup != 0)
            throw new ArgumentException($"{values.Length} values are no whole number of groups of {OutlierGroup}", nameof(values));
        for (int start = 0; start < values.Length; start += OutlierGroup)
        {
            int up = random.NextInteger(OutlierGroup);
            int down = (up + 1 + random.NextInteger(OutlierGroup - 1)) % OutlierGroup;
            values[start + up] = magnitude;
            values[start + down] = -magnitude;
        }
    }
}
