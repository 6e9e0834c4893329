using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ArrowQuant.TestKit;

/// <summary>Elementwise functions of the sample models, in place. exp overflows to infinity where the formulas want it to.</summary>
internal static class Activations
{
    private const float SqrtTwoOverPi = 0.7978845608f;

    /// <summary>v * sigmoid(v).</summary>
    public static void Silu(Span<float> values)
    {
        foreach (ref Vector512<float> v in Vectors(values)) v *= Sigmoid(v);
        foreach (ref float v in Rest(values)) v *= Sigmoid(v);
    }

    /// <summary>0.5 v (1 + tanh u) with u = sqrt(2/pi) (v + 0.044715 v³), which is v * sigmoid(2u).</summary>
    public static void GeluTanh(Span<float> values)
    {
        foreach (ref Vector512<float> v in Vectors(values)) v *= Sigmoid(2f * SqrtTwoOverPi * (v + (0.044715f * v * v * v)));
        foreach (ref float v in Rest(values)) v *= Sigmoid(2f * SqrtTwoOverPi * (v + (0.044715f * v * v * v)));
    }

    /// <summary>max(v, 0).</summary>
    public static void Relu(Span<float> values)
    {
        foreach (ref Vector512<float> v in Vectors(values)) v = Vector512.Max(v, Vector512<float>.Zero);
        foreach (ref float v in Rest(values)) v = Math.Max(v, 0f);
    }

    /// <summary>
    /// target = sigmoid(gate) * tanh(filter); tanh f is 2 sigmoid(2f) - 1. All spans have the same length, a multiple of 16.
    /// </summary>
    public static void Gate(ReadOnlySpan<float> gate, ReadOnlySpan<float> filter, Span<float> target)
    {
        ReadOnlySpan<Vector512<float>> g = MemoryMarshal.Cast<float, Vector512<float>>(gate);
        ReadOnlySpan<Vector512<float>> f = MemoryMarshal.Cast<float, Vector512<float>>(filter);
        Span<Vector512<float>> t = Vectors(target);
        for (int i = 0; i < t.Length; i++) t[i] = Sigmoid(g[i]) * ((2f * Sigmoid(2f * f[i])) - Vector512<float>.One);
    }

    /// <summary>softmax over the whole span.</summary>
    public static void Softmax(Span<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float v in values) largest = Math.Max(largest, v);
        foreach (ref Vector512<float> v in Vectors(values)) v = Vector512.Exp(v - Vector512.Create(largest));
        foreach (ref float v in Rest(values)) v = MathF.Exp(v - largest);
        float sum = 0;
        foreach (float v in values) sum += v;
        foreach (ref float v in values) v /= sum;
    }

    private static Vector512<float> Sigmoid(Vector512<float> v) => Vector512<float>.One / (Vector512<float>.One + Vector512.Exp(-v));

    private static float Sigmoid(float v) => 1f / (1f + MathF.Exp(-v));

    private static Span<Vector512<float>> Vectors(Span<float> values) => MemoryMarshal.Cast<float, Vector512<float>>(values);

    private static Span<float> Rest(Span<float> values) => values[(values.Length / 16 * 16)..];
}
