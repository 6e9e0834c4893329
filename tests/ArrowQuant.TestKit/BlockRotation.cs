using System.Globalization;
using System.Numerics;

namespace ArrowQuant.TestKit;

/// <summary>Undoes the transform <c>hadamard:SEED</c>, from docs/format.md alone.</summary>
public static class BlockRotation
{
    private const string Prefix = "hadamard:";

    /// <summary>Undoes a transform on one decoded row; false when the transform is not known.</summary>
    public static bool TryUndo(string transform, Span<float> row, int groupSize)
    {
        if (transform == "none") return true;
        if (!transform.StartsWith(Prefix, StringComparison.Ordinal)
            || !uint.TryParse(transform[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out uint seed)) return false;
        for (int start = 0; start < row.Length; start += groupSize)
        {
            int length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(groupSize, row.Length - start) + 1) / 2;
            Span<float> block = row.Slice(start, length);
            float scale = (float)(1 / Math.Sqrt(length));
            for (int i = 0; i < length; i++) block[i] *= scale;
            for (int distance = 1; distance < length; distance *= 2)
            {
                for (int i = 0; i < length; i++)
                {
                    if ((i & distance) != 0) continue;
                    (float a, float b) = (block[i], block[i + distance]);
                    (block[i], block[i + distance]) = (a + b, a - b);
                }
            }

            for (int i = 0; i < length; i++) block[i] *= Sign(seed, start + i);
        }

        return true;
    }

    // The top bit of output column + 1 of SplitMix64.
    private static float Sign(uint seed, int column)
    {
        ulong z = unchecked(seed + ((ulong)(column + 1) * 0x9E3779B97F4A7C15));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return ((z ^ (z >> 31)) & (1UL << 63)) != 0 ? -1f : 1f;
    }
}
