using System.Buffers.Binary;

namespace ArrowQuant.Exports.Gguf;

/// <summary>Writes values as F16 (rounded, ties to even) or F32.</summary>
internal sealed class FloatEncoder(GgmlType type) : IGgmlEncoder
{
    /// <inheritdoc/>
    public GgmlType Type => type;

    /// <inheritdoc/>
    public void Encode(GgmlRow row, Span<byte> destination)
    {
        ReadOnlySpan<float> values = row.Values;
        for (int i = 0; i < values.Length; i++)
        {
            if (type == GgmlType.F16) BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)values[i]);
            else BinaryPrimitives.WriteSingleLittleEndian(destination[(4 * i)..], values[i]);
        }
    }
}
