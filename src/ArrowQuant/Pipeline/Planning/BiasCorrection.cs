using System.Buffers.Binary;
using ArrowQuant.Kernels;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>
/// Lets the bias of a quantized layer take up the mean error of its outputs: b += mean of (W - W^) x. It costs no bits, and the layer's
/// mean output is right again.
/// </summary>
internal static class BiasCorrection
{
    /// <summary>The name in the artefact's <c>correction</c> column.</summary>
    public const string Name = "bias";

    private const string WeightSuffix = ".weight";
    private const string BiasSuffix = ".bias";

    /// <summary>
    /// The bias of each layer that can take up a shift: beside its weight in the same file, one value per row, in a type that can be
    /// written back.
    /// </summary>
    public static Dictionary<int, int> Find(IReadOnlyList<PlannedTensor> tensors, IReadOnlyList<PlannedShard> shards)
    {
        int[] shardOf = new int[tensors.Count];
        for (int s = 0; s < shards.Count; s++)
        {
            foreach (int index in shards[s].TensorIndices) shardOf[index] = s;
        }

        Dictionary<string, PlannedTensor> byName = tensors.ToDictionary(t => t.Tensor.FullName, StringComparer.Ordinal);
        Dictionary<int, int> found = [];
        foreach (PlannedTensor layer in tensors)
        {
            string name = layer.Tensor.FullName;
            if (layer.Tensor.Role is { OwnsBias: false }) continue;
            if (!layer.Decision.Quantize || !name.EndsWith(WeightSuffix, StringComparison.Ordinal)) continue;
            if (!byName.TryGetValue(BiasNameOf(name), out PlannedTensor? bias)) continue;
            TensorInfo info = bias.Tensor;
            bool fits = info.Shape.Rank == 1 && info.Shape.ElementCount == layer.View.Rows
                && !bias.Decision.Quantize && shardOf[layer.Index] == shardOf[bias.Index];
            if (fits && info.ElementType is ElementType.F32 or ElementType.F16 or ElementType.BF16) found.Add(layer.Index, bias.Index);
        }

        return found;
    }

    /// <summary>The name that the bias of a layer has: <c>x.bias</c> beside <c>x.weight</c>.</summary>
    public static string BiasNameOf(string layer) =>
        (layer.EndsWith(WeightSuffix, StringComparison.Ordinal) ? layer[..^WeightSuffix.Length] : layer) + BiasSuffix;

    /// <summary>The name of the layer that a bias belongs to: <c>x.weight</c> beside <c>x.bias</c>.</summary>
    public static string LayerNameOf(string bias) =>
        bias.EndsWith(BiasSuffix, StringComparison.Ordinal) ? bias[..^BiasSuffix.Length] + WeightSuffix : bias;

    /// <summary>Adds shifts to little-endian values of a type, rounding to nearest even.</summary>
    public static void Apply(Span<byte> values, ElementType type, ReadOnlySpan<float> shifts)
    {
        float[] bias = new float[shifts.Length];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(type), values, bias);
        for (int i = 0; i < bias.Length; i++)
        {
            float corrected = bias[i] + shifts[i];
            switch (type)
            {
                case ElementType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(values[(4 * i)..], corrected);
                    break;
                case ElementType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(values[(2 * i)..], (Half)corrected);
                    break;
                default:
                    BinaryPrimitives.WriteUInt16LittleEndian(values[(2 * i)..], BFloat16Of(corrected));
                    break;
            }
        }
    }

    private static ushort BFloat16Of(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
