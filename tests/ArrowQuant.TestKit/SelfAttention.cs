using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ArrowQuant.TestKit;

/// <summary>Multi-head attention without a mask: <c>softmax(q kᵀ / sqrt(headSize)) v</c> for each head.</summary>
internal static class SelfAttention
{
    /// <summary>
    /// One sequence. Row n of q, k and v begins at n * <paramref name="stride"/>; head j owns columns j * headSize onwards (headSize is
    /// a multiple of 16).
    /// <paramref name="output"/> is [tokens, heads * headSize].
    /// </summary>
    public static void Apply(ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, int stride, int tokens, int heads,
        int headSize, Span<float> output)
    {
        float scale = 1f / MathF.Sqrt(headSize);
        float[] scores = new float[tokens];
        for (int head = 0; head < heads; head++)
        {
            int column = head * headSize;
            for (int i = 0; i < tokens; i++)
            {
                ReadOnlySpan<float> query = q.Slice((i * stride) + column, headSize);
                for (int j = 0; j < tokens; j++) scores[j] = scale * Dot(query, k.Slice((j * stride) + column, headSize));
                Activations.Softmax(scores);
                Span<float> target = output.Slice((i * heads * headSize) + column, headSize);
                target.Clear();
                for (int j = 0; j < tokens; j++) Add(scores[j], v.Slice((j * stride) + column, headSize), target);
            }
        }
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector512<float>> x = MemoryMarshal.Cast<float, Vector512<float>>(a);
        ReadOnlySpan<Vector512<float>> y = MemoryMarshal.Cast<float, Vector512<float>>(b);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return Vector512.Sum(sum);
    }

    private static void Add(float factor, ReadOnlySpan<float> values, Span<float> target)
    {
        ReadOnlySpan<Vector512<float>> x = MemoryMarshal.Cast<float, Vector512<float>>(values);
        Span<Vector512<float>> y = MemoryMarshal.Cast<float, Vector512<float>>(target);
        for (int i = 0; i < x.Length; i++) y[i] += x[i] * factor;
    }
}
