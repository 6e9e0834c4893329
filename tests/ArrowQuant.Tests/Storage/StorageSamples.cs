using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using ArrowQuant.Kernels;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

/// <summary>Layers and blocks with reproducible contents, and artefacts made of them.</summary>
internal static class StorageSamples
{
    public static QuantizedFormat Format(int bits, CodeLayout layout, int columns, int groupSize, float[]? equalization = null) => new()
    {
        BitWidth = bits,
        Layout = layout,
        Groups = new GroupLayout(columns, groupSize),
        EqualizationScales = equalization,
    };

    public static LayerHeader Layer(string name, long[] shape, QuantizedFormat format, int rowAxis = 0, string? method = null) => new()
    {
        LayerName = name,
        Shape = new TensorShape(shape),
        SourceType = ElementType.F32,
        RowAxis = rowAxis,
        Format = format,
        Method = method ?? (format.PerChannel ? "per_channel" : format.Layout == CodeLayout.Affine ? "base" : "r2q"),
        SpatialJson = format.EqualizationScales is { } scales
            ? new SpatialQuant { Enabled = true, ChannelEqualization = true, Alpha = 0.5, EqualizationScales = scales }.ToJson()
            : null,
        IsDiffusionModel = true,
        Modality = "image",
    };

    public static LayerHeader Kept(string name, long[] shape, ElementType type) => new()
    {
        LayerName = name,
        Shape = new TensorShape(shape),
        SourceType = type,
        IsDiffusionModel = true,
    };

    /// <summary>A block of uniformly random codes, with floats of 11 significant bits, as methods make them.</summary>
    public static QuantizedBlock Block(QuantizedFormat format, long rowStart, int rowCount, int seed = 1)
    {
        Random random = new(seed);
        QuantizedBlock block = new(format, rowStart, rowCount);
        int rowBytes = format.Groups.RowBytes(format.BitWidth);
        byte[] codes = new byte[format.Groups.Columns];
        for (int r = 0; r < rowCount; r++)
        {
            for (int c = 0; c < codes.Length; c++) codes[c] = (byte)random.Next(1 << format.BitWidth);
            Codes.Pack(codes, format.BitWidth, block.Codes.AsSpan(r * rowBytes, rowBytes));
        }

        for (int i = 0; i < block.Scales.Length; i++)
        {
            block.Scales[i] = FloatStorage.Round((float)(0.01 * Math.Exp(0.3 * Gaussian(random))));
            if (block.ZeroPoints.Length == 0) continue;
            block.ZeroPoints[i] = format.BitWidth == 2
                ? FloatStorage.Round((float)(1.5 + 0.2 * Gaussian(random)))
                : random.Next(1 << format.BitWidth);
        }

        int levels = format.LevelsPerGroup;
        for (int i = 0; i < block.Levels.Length; i++)
        {
            double spread = Math.Exp(0.3 * Gaussian(random));
            block.Levels[i] = FloatStorage.Round((float)(levels == 3 && i % 3 == 0 ? 0.001 * Gaussian(random) : 0.02 * spread));
        }

        return block;
    }

    public static byte[] Bytes(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static UInt128 Hash(string text) => XxHash128.HashToUInt128(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Writes one shard into <paramref name="folder"/> and a metadata.json that lists it.</summary>
    public static ShardFile WriteArtefact(string folder, Action<ShardWriter> write, ArtefactWriterOptions? options = null)
    {
        Directory.CreateDirectory(folder);
        ShardFile file = WriteShard(folder, ArtefactLayout.ShardName(1, 1), write, options);
        WriteMetadata(folder, [ArtefactShard.Of(file)]);
        return file;
    }

    public static ShardFile WriteShard(string folder, string relativePath, Action<ShardWriter> write, ArtefactWriterOptions? options = null)
    {
        string path = Path.Combine(folder, relativePath);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using ShardWriter writer = new(path, options ?? new ArtefactWriterOptions(), relativePath);
        write(writer);
        return writer.Complete();
    }

    public static void WriteMetadata(string folder, IReadOnlyList<ArtefactShard> shards, string version = ArtefactLayout.FormatVersion)
    {
        ArtefactMetadata metadata = new()
        {
            FormatVersion = version,
            ToolVersion = "0.1.0",
            Modality = "image",
            ModelType = "dit",
            IsDiffusionModel = true,
            QuantizationConfig = JsonDocument.Parse("""{"bit_width":4}""").RootElement,
            Shards = shards,
        };
        File.WriteAllBytes(Path.Combine(folder, ArtefactLayout.MetadataFile), metadata.ToUtf8());
    }

    public static float[] Decode(QuantizedBlock block)
    {
        float[] weights = new float[block.RowCount * block.Format.Groups.Columns];
        BlockDecoder.Decode(KernelSet.Create("scalar"), block, 0, block.RowCount, weights);
        return weights;
    }

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
