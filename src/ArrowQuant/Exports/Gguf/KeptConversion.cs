using System.Buffers.Binary;
using ArrowQuant.Kernels;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Gguf;

/// <summary>Kept tensors in GGUF: as they are, or in the next larger type where ggml has not theirs; never with a loss.</summary>
internal static class KeptConversion
{
    /// <summary>The type that holds a kept tensor without a loss.</summary>
    /// <exception cref="Errors.ModelFormatException">There is none.</exception>
    public static GgmlType TypeOf(StoredLayer layer) => layer.SourceType switch
    {
        ElementType.F32 => GgmlType.F32,
        ElementType.F16 or ElementType.F8E4M3 or ElementType.F8E5M2 => GgmlType.F16,
        ElementType.BF16 => GgmlType.BF16,
        ElementType.F64 => GgmlType.F64,
        ElementType.I8 or ElementType.Bool => GgmlType.I8,
        ElementType.I16 or ElementType.U8 => GgmlType.I16,
        ElementType.I32 or ElementType.U16 => GgmlType.I32,
        ElementType.I64 or ElementType.U32 => GgmlType.I64,
        _ => throw ExportFault.NoType(layer, "GGUF"),
    };

    /// <summary>Converts little-endian values to the type of <see cref="TypeOf"/>.</summary>
    public static byte[] Convert(StoredLayer layer, byte[] values)
    {
        switch (layer.SourceType)
        {
            case ElementType.F8E4M3 or ElementType.F8E5M2:
                float[] floats = new float[values.Length];
                FloatConversion.ToSingle(ElementTypeFormats.FormatOf(layer.SourceType), values, floats);
                byte[] halves = new byte[2 * values.Length];
                new FloatEncoder(GgmlType.F16).Encode(new GgmlRow(floats), halves);
                return halves;
            case ElementType.U8: return Widen(values, 1, 2);
            case ElementType.U16: return Widen(values, 2, 4);
            case ElementType.U32: return Widen(values, 4, 8);
            default: return values;
        }
    }

    // Unsigned: the upper half is zero.
    private static byte[] Widen(byte[] values, int from, int to)
    {
        byte[] wide = new byte[values.Length / from * to];
        for (int i = 0; i < values.Length / from; i++) values.AsSpan(i * from, from).CopyTo(wide.AsSpan(i * to));
        return wide;
    }
}
