using System.Buffers.Binary;
using System.IO.Hashing;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>The hash of a layer's source from those of its blocks.</summary>
internal static class SourceHash
{
    /// <summary>The hash of a single block, or the XXH128 of the block hashes (big-endian, in order) when there are several.</summary>
    public static UInt128 Of(IReadOnlyList<UInt128> blocks)
    {
        if (blocks.Count == 1) return blocks[0];
        byte[] bytes = new byte[16 * blocks.Count];
        for (int i = 0; i < blocks.Count; i++) BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16 * i), blocks[i]);
        return XxHash128.HashToUInt128(bytes);
    }
}
