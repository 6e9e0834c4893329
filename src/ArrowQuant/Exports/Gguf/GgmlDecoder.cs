using System.Buffers.Binary;
using ArrowQuant.Kernels;

namespace ArrowQuant.Exports.Gguf;

/// <summary>Decodes the tensor types of weights as every GGUF reader does.</summary>
internal static class GgmlDecoder
{
    /// <summary>Decodes whole blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type does not hold weights.</exception>
    public static void Decode(GgmlType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case GgmlType.F32: FloatConversion.ToSingle(FloatFormat.Single, source, destination); return;
            case GgmlType.F16: FloatConversion.ToSingle(FloatFormat.Half, source, destination); return;
            case GgmlType.BF16: FloatConversion.ToSingle(FloatFormat.BFloat16, source, destination); return;
            case GgmlType.F64: FloatConversion.ToSingle(FloatFormat.Double, source, destination); return;
            case GgmlType.Q4_1 or GgmlType.Q8_0 or GgmlType.Q2_K: break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of weights");
        }

        int length = type.BlockLength(), bytes = type.BlockBytes();
        for (int i = 0; i < destination.Length / length; i++)
        {
            ReadOnlySpan<byte> block = source.Slice(i * bytes, bytes);
            Span<float> target = destination.Slice(i * length, length);
            if (type == GgmlType.Q4_1) DecodeQ4(block, target);
            else if (type == GgmlType.Q8_0) DecodeQ8(block, target);
            else DecodeQ2(block, target);
        }
    }

    private static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> target)
    {
        float step = Float(block), least = Float(block[2..]);
        int half = target.Length / 2;
        for (int i = 0; i < half; i++)
        {
            byte pair = block[4 + i];
            target[i] = (pair & 15) * step + least;
            target[half + i] = (pair >> 4) * step + least;
        }
    }

    private static void DecodeQ8(ReadOnlySpan<byte> block, Span<float> target)
    {
        float step = Float(block);
        for (int i = 0; i < target.Length; i++) target[i] = (sbyte)block[2 + i] * step;
    }

    private static void DecodeQ2(ReadOnlySpan<byte> block, Span<float> target)
    {
        float step = Float(block[80..]), minimum = Float(block[82..]);
        for (int i = 0; i < target.Length; i++)
        {
            byte scales = block[i / 16];
            int code = block[Q2Encoder.CodeByte(i)] >> Q2Encoder.CodeShift(i) & 3;
            target[i] = step * (scales & 15) * code - minimum * (scales >> 4);
        }
    }

    private static float Float(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);
}
