using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>Writes an F16 model with the layer shapes of a large diffusion transformer.</summary>
internal static class ModelFiles
{
    private const int Hidden = 3072;
    private const int Distinct = 1 << 20;

    /// <summary>Weights of the model with that many blocks.</summary>
    public static long Parameters(int blocks) => blocks * Layers.Sum(layer => layer.Rows * layer.Columns);

    /// <summary>Blocks that make about that many bytes.</summary>
    public static int BlocksOf(double bytes) => Math.Max(1, (int)Math.Round(bytes / (2 * Parameters(1))));

    private static (string Name, long Rows, long Columns)[] Layers { get; } =
    [
        ("attn.qkv", 3 * Hidden, Hidden), ("attn.proj", Hidden, Hidden), ("mlp.fc1", 4 * Hidden, Hidden), ("mlp.fc2", Hidden, 4 * Hidden),
    ];

    /// <summary>Writes <c>model.safetensors</c> into a folder and brings it to the disk.</summary>
    public static void Write(string folder, int blocks)
    {
        Half[] values = [.. SyntheticModels.Values(WeightDistribution.Gaussian, Distinct, 1).Select(value => (Half)value)];
        ReadOnlySpan<byte> pattern = MemoryMarshal.AsBytes(values.AsSpan());
        Dictionary<string, object> header = new() { ["__metadata__"] = new { modality = "image" } };
        long offset = 0;
        for (int block = 0; block < blocks; block++)
        {
            foreach ((string name, long rows, long columns) in Layers)
            {
                long end = offset + 2 * rows * columns;
                header[$"blocks.{block}.{name}.weight"] = new { dtype = "F16", shape = new[] { rows, columns }, data_offsets = new[] { offset, end } };
                offset = end;
            }
        }

        byte[] text = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header).PadRight(1 << 16));
        using FileStream file = new(Path.Combine(folder, "model.safetensors"), FileMode.CreateNew);
        file.Write(BitConverter.GetBytes((long)text.Length));
        file.Write(text);
        for (long left = offset; left > 0; left -= pattern.Length) file.Write(pattern[..(int)Math.Min(left, pattern.Length)]);
        file.Flush(flushToDisk: true);
    }
}
