using System.Runtime.InteropServices;

namespace ArrowQuant.Sources.Parquet;

/// <summary>Decodes stored bytes: <c>w = (q - zero point) * scale</c> in single precision, one rounding per operation.</summary>
internal static class StoredValues
{
    private const int ChunkElements = 1024;

    /// <summary>Fills <paramref name="destination"/> with the little-endian values from <paramref name="byteOffset"/> on.</summary>
    public static void Copy(StoredTensor tensor, ReadOnlySpan<byte> stored, long byteOffset, Span<byte> destination)
    {
        if (tensor.Encoding == StoredEncoding.Raw)
        {
            stored.Slice((int)byteOffset, destination.Length).CopyTo(destination);
            return;
        }

        Span<float> chunk = stackalloc float[ChunkElements];
        while (destination.Length > 0)
        {
            long first = byteOffset / sizeof(float);
            int skip = (int)(byteOffset % sizeof(float)); // a read may begin or end inside a value
            int elements = (int)Math.Min(ChunkElements, ((long)skip + destination.Length + sizeof(float) - 1) / sizeof(float));
            Decode(tensor, stored, first, chunk[..elements]);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(chunk[..elements])[skip..];
            int count = Math.Min(bytes.Length, destination.Length);
            bytes[..count].CopyTo(destination);
            destination = destination[count..];
            byteOffset += count;
        }
    }

    private static void Decode(StoredTensor tensor, ReadOnlySpan<byte> stored, long first, Span<float> values)
    {
        int lastRun = tensor.Scales.Length - 1;
        for (int done = 0; done < values.Length;)
        {
            long element = first + done;
            long run = Math.Min(element / tensor.RunLength, lastRun);
            long left = run == lastRun ? long.MaxValue : ((run + 1) * tensor.RunLength) - element;
            Span<float> target = values.Slice(done, (int)Math.Min(left, values.Length - done));
            DecodeRun(tensor.Encoding, stored, element, tensor.Scales[run], tensor.ZeroPoints[run], target);
            done += target.Length;
        }
    }

    private static void DecodeRun(
        StoredEncoding encoding, ReadOnlySpan<byte> stored, long first, float scale, float zeroPoint, Span<float> values)
    {
        if (scale == 0f)
        {
            values.Clear(); // not (code - 0) * 0, which is -0 for negative codes
            return;
        }

        switch (encoding)
        {
            case StoredEncoding.UnsignedBytes:
                ReadOnlySpan<byte> unsignedCodes = stored.Slice((int)first, values.Length);
                for (int i = 0; i < values.Length; i++) values[i] = (unsignedCodes[i] - zeroPoint) * scale;
                break;
            case StoredEncoding.SignedBytes:
                ReadOnlySpan<sbyte> signedCodes = MemoryMarshal.Cast<byte, sbyte>(stored.Slice((int)first, values.Length));
                for (int i = 0; i < values.Length; i++) values[i] = (signedCodes[i] - zeroPoint) * scale;
                break;
            default:
                for (int i = 0; i < values.Length; i++)
                {
                    long element = first + i;
                    int code = ((stored[(int)(element >> 2)] >> (int)((element & 3) * 2)) & 3) - 2;
                    values[i] = (code - zeroPoint) * scale;
                }

                break;
        }
    }
}
