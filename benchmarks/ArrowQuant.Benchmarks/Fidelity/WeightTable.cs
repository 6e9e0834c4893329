using ArrowQuant.Benchmarks.Peers;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>
/// What methods and types of others leave of the same tensors, each against the bits that it stores. The error is 1 - cosine^2: what is
/// left of the energy when the decoded tensor is scaled best, so that gains count for nobody.
/// </summary>
internal static class WeightTable
{
    private const int GroupSize = 128;
    private const int StoredBits = 16;

    private static readonly (string Model, string Layer)[] Layers =
    [
        ("dit-digits", "blocks.2.mlp.fc1.weight"),
        ("llada-kjv", "model.transformer.blocks.2.ff_proj.weight"),
        ("llada-kjv", "model.transformer.ff_out.weight"),
        ("diffwave-spoken-digits", "residual_layers.2.dilated_conv.weight"),
    ];

    private static readonly (string Name, int Bits, CodeLayout Layout, AffineSearch Search, bool IsRotated)[] Methods =
    [
        ("affine", 2, CodeLayout.Affine, AffineSearch.FreeZero, false),
        ("lattice2", 2, CodeLayout.Lattice2, AffineSearch.MinMax, false),
        ("lattice3", 2, CodeLayout.Lattice3, AffineSearch.MinMax, false),
        ("trellis4, rotated", 2, CodeLayout.Trellis4, AffineSearch.MinMax, true),
        ("trellis6", 2, CodeLayout.Trellis6, AffineSearch.MinMax, false),
        ("trellis6, rotated", 2, CodeLayout.Trellis6, AffineSearch.MinMax, true),
        ("affine over the range", 4, CodeLayout.Affine, AffineSearch.MinMax, false),
        ("affine", 4, CodeLayout.Affine, AffineSearch.IntegerZero, false),
        ("affine over the range, rotated", 4, CodeLayout.Affine, AffineSearch.MinMax, true),
        ("affine over the range", 8, CodeLayout.Affine, AffineSearch.MinMax, false),
    ];

    private static readonly IPeerType[] Peers =
    [
        new NearestRounding(2, GroupSize), new FreeLevels(2, GroupSize), SubBlockType.Q2K,
        new NearestRounding(4, GroupSize), new NormalFloat4(64), new SymmetricBlock("ggml Q4_0", 4, 32), SubBlockType.Q4K,
        new SymmetricBlock("ggml Q8_0", 8, 32),
    ];

    /// <summary>Writes the table.</summary>
    public static void Write(Action<string> say)
    {
        (string Name, float[] Values, int Columns)[] tensors =
        [
            ("Gaussian", SyntheticModels.Values(WeightDistribution.Gaussian, 512 * 1024, 1), 1024),
            ("Laplace", SyntheticModels.Values(WeightDistribution.Laplace, 512 * 1024, 2), 1024),
            .. Layers.Select(Read),
        ];
        say("## Error of weights against stored bits");
        say(string.Empty);
        say("1 - cosine^2 of the decoded weights, and in brackets how many dB that lies above the bound of Shannon for normal weights at these");
        say("bits, D = 2^(-2 bits); weights of other distributions can be below it. Bits are codes and group values as they are stored, 16 for");
        say("each value of ours, before compression of the file. Types of others are written anew from their public definitions, with a search");
        say("for scales: plain rounding and k-means in groups of 128, NF4 in blocks of 64 with a binary16 scale, ggml's types in runs of the");
        say("tensor. IQ2_XXS and IQ2_S are not here: their codebooks are large tables that were not copied.");
        say(string.Empty);
        say($"| method | bits | bound at these bits | {string.Join(" | ", tensors.Select(tensor => $"{tensor.Name}"))} |");
        say($"|---|---|---|{string.Concat(tensors.Select(_ => "---|"))}");
        KernelSet kernels = KernelSet.Create(null);
        foreach ((string name, int bits, CodeLayout layout, AffineSearch search, bool isRotated) in Methods)
        {
            say(Row($"{name}", tensors, tensor => Ours(kernels, tensor.Values, tensor.Columns, bits, layout, search, isRotated)));
        }

        foreach (IPeerType peer in Peers)
            say(Row(peer.Name, tensors, tensor => (peer.BitsPerWeight, PeerError.Of(peer, tensor.Values))));
    }

    private static string Row(
        string name, (string Name, float[] Values, int Columns)[] tensors,
        Func<(string Name, float[] Values, int Columns), (double Bits, double Error)> measure)
    {
        (double Bits, double Error)[] found = [.. tensors.Select(measure)];
        IEnumerable<string> cells = found.Select(f => $"{f.Error:0.00000} ({10 * Math.Log10(f.Error / Bound(f.Bits)):0.0})");
        return $"| {name} | {found[0].Bits:0.000} | {Bound(found[0].Bits):0.00000} | {string.Join(" | ", cells)} |";
    }

    private static double Bound(double bits) => Math.Pow(2, -2 * bits);

    private static (string Name, float[] Values, int Columns) Read((string Model, string Layer) place)
    {
        (long[] shape, float[] values) = WeightFile.Read(RepositoryPaths.SampleFile(place.Model, "model.safetensors"))[place.Layer];
        return ($"{place.Model} `{place.Layer}`", values, values.Length / (int)shape[0]);
    }

    private static (double Bits, double Error) Ours(
        KernelSet kernels, float[] weights, int columns, int bits, CodeLayout layout, AffineSearch search, bool isRotated)
    {
        var groups = new GroupLayout(columns, GroupSize);
        var format = new QuantizedFormat
        {
            BitWidth = bits,
            Layout = layout,
            Groups = groups,
            Rotation = isRotated ? new HadamardRotation(0, groups) : null,
        };
        int rows = weights.Length / columns;
        var block = new QuantizedBlock(format, 0, rows);
        var quantizer = new RowQuantizer(kernels, format, PreparedLayer.CoderOf(kernels, format, search, []));
        double cosine = LayerFigures.From(quantizer.Quantize(weights, block, 0).Weights).Cosine;
        double stored = StoredBits * (block.Scales.Length + block.ZeroPoints.Length + block.Levels.Length);
        return (bits + stored / weights.Length, 1 - cosine * cosine);
    }
}
