using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels;

/// <content>Trellis codes and rotation.</content>
internal sealed unsafe partial class KernelSet<T>
{
    public override void EncodeTrellis(TrellisTable table, ReadOnlySpan<float> values, ReadOnlySpan<float> gains, Span<byte> codes)
    {
        CheckLengths(values.Length, gains.Length);
        CheckLengths(values.Length, codes.Length);
        if (values.IsEmpty) return;
        byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)TrellisPath<T>.ScratchLength(table, values.Length), 64);
        try
        {
            fixed (float* x = values, gain = gains)
            fixed (byte* code = codes)
                TrellisPath<T>.Find(table, x, gain, values.Length, scratch, code);
        }
        finally
        {
            NativeMemory.AlignedFree(scratch);
        }
    }

    public override void EncodeTrellis(TrellisTable table, GroupRows rows, ReadOnlySpan<float> gains, Span<byte> codes)
    {
        CheckLengths(rows.Values.Length, codes.Length);
        CheckLengths(rows.Rows * rows.GroupsPerRow, gains.Length);
        TrellisColumns<T>.Encode(rows, table, gains, codes);
    }

    public override void StepTrellis(TrellisTable table, Span<byte> states, Span<byte> codes)
    {
        CheckLengths(states.Length, codes.Length);
        fixed (byte* state = states, code = codes) TrellisValues.Step(table, code, state, code, codes.Length, T.Count);
    }

    public override void Rotate(Span<float> values, ReadOnlySpan<float> signs) => Transform(values, signs, forward: true);

    public override void RotateBack(Span<float> values, ReadOnlySpan<float> signs) => Transform(values, signs, forward: false);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(Span<float> values, ReadOnlySpan<float> signs, bool forward)
    {
        CheckLengths(values.Length, signs.Length);
        if (!BitOperations.IsPow2(values.Length))
            throw new ArgumentException($"{values.Length} values are no power of two", nameof(values));
        float scale = (float)(1 / Math.Sqrt(values.Length));
        fixed (float* value = values, sign = signs)
        {
            float* before = forward ? sign : null;
            float* after = forward ? null : sign;
            if (values.Length < T.Count) HadamardTransform<Lanes1>.Run(value, before, after, values.Length, scale);
            else HadamardTransform<T>.Run(value, before, after, values.Length, scale);
        }
    }
}
