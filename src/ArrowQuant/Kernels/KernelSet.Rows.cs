using System.Buffers;
using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Rows that are coded and measured in one pass.</summary>
internal sealed unsafe partial class KernelSet<T>
    where T : unmanaged, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void CodeAffineRow(
        ReadOnlySpan<float> weights, int groupSize, ReadOnlySpan<float> references, ReadOnlySpan<float> scales,
        ReadOnlySpan<float> zeroPoints, int bits, Span<byte> codes, CodedSums sums, int row, ReadOnlySpan<byte> ahead)
    {
        CheckRow(weights, codes, groupSize, scales.Length);
        CheckLengths(scales.Length, zeroPoints.Length);
        CheckLengths(scales.Length, references.Length);
        fixed (float* w = weights, reference = references, scale = scales, zero = zeroPoints)
        fixed (float* sum = sums.SumsOf(row), largest = sums.LargestOf(row))
        fixed (byte* code = codes, next = ahead)
        {
            bool knows = AffineRuns<T>.CanTake(scale, scales.Length)
                && (reference == scale || AffineRuns<T>.CanTake(reference, references.Length));
            sums.Begin(row, references, scales, knows);
            if (knows)
            {
                var hint = new ReadAhead(next, ahead.Length, weights.Length);
                AffineRuns<T>.Code(
                    w, weights.Length, groupSize, reference, scale, zero, (1 << bits) - 1, code, sum, largest, hint);
                return;
            }
        }

        for (int g = 0, start = 0; start < weights.Length; g++, start += groupSize)
        {
            int length = Math.Min(groupSize, weights.Length - start);
            EncodeAffine(weights.Slice(start, length), scales[g], zeroPoints[g], bits, codes.Slice(start, length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryErrorsOfCoded<TKinds>(CodedSums sums, int row, ReadOnlySpan<float> scales, out ErrorSums errors)
    {
        errors = default;
        if (!sums.Knows(row)) return false;
        fixed (float* sum = sums.SumsOf(row), reference = sums.ReferencesOf(row), scale = scales)
            return RunErrors<T>.TryFind<TKinds>(sum, sums.Runs, sums.RunsPerGroup, reference, scale, scales.Length, out errors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float LargestErrorOfCoded(
        CodedSums sums, int row, ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits, float atLeast)
    {
        fixed (float* largest = sums.LargestOf(row), coded = sums.ScalesOf(row), scale = scales, zero = zeroPoints, w = weights)
        fixed (byte* code = codes)
        {
            var bounds = new ErrorBounds<T>(largest, coded, scale, zero, scales.Length, (1 << bits) - 1);
            return bounds.LargestOf(w, weights.Length, code, groupSize, atLeast);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void AddAffineErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits, ref ErrorSums sums)
    {
        CheckRow(original, codes, groupSize, scales.Length);
        CheckLengths(scales.Length, zeroPoints.Length);
        if (original.IsEmpty) return;
        int groups = scales.Length;
        int runs = CodedSums.RunsOf(original.Length, groupSize);
        int values = runs * CodedSums.Kinds * CodedSums.Partials;
        float[] buffer = ArrayPool<float>.Shared.Rent(values + 2 * groups);
        Span<float> references = buffer.AsSpan(values, groups);
        // The zero points of the range are of no use, and their place is needed only afterwards.
        RangeFit<T>.Fit(new GroupRows(original, original.Length, groupSize), bits, references, buffer.AsSpan(values + groups, groups));
        ErrorSums errors = default;
        bool isKnown;
        fixed (float* w = original, sum = buffer, scale = scales, zero = zeroPoints)
        fixed (byte* code = codes)
        {
            float* reference = sum + values, largest = reference + groups;
            isKnown = AffineRuns<T>.CanTake(scale, groups) && AffineRuns<T>.CanTake(reference, groups);
            if (isKnown)
            {
                AffineRuns<T>.Measure(w, original.Length, groupSize, reference, scale, zero, code, sum, largest);
                int perGroup = CodedSums.RunsPerGroupOf(original.Length, groupSize);
                isKnown = RunErrors<T>.TryFind<AllSums>(sum, runs, perGroup, reference, scale, groups, out errors);
            }

            if (isKnown)
            {
                var bounds = new ErrorBounds<T>(largest, scale, scale, zero, groups, (1 << bits) - 1);
                errors.LargestError = bounds.LargestOf(w, original.Length, code, groupSize, sums.LargestError);
                sums.Add(errors);
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
        if (!isKnown) AddDecodedErrors(original, codes, groupSize, scales, zeroPoints, ref sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool ApplyGain(Span<float> values, float gain)
    {
        bool isSame = true;
        int i = 0;
        fixed (float* value = values)
        {
            for (; i + T.Count <= values.Length; i += T.Count)
            {
                T old = T.Load(value + i), scaled = old * T.Of(gain);
                if (!FloatStorage.AreUsual(scaled)) break;
                scaled = FloatStorage.RoundUsual(scaled);
                isSame &= T.AllGreaterOrEqual(old, scaled) && T.AllGreaterOrEqual(scaled, old);
                T.Store(scaled, value + i);
            }
        }

        for (; i < values.Length; i++)
        {
            float scaled = FloatStorage.Round(Math.Clamp(values[i] * gain, float.MinValue, float.MaxValue));
            isSame &= scaled == values[i];
            values[i] = scaled;
        }

        return !isSame;
    }

    public override void DecodeAffine(ReadOnlySpan<byte> codes, float scale, float zeroPoint, Span<float> weights)
    {
        CheckLengths(weights.Length, codes.Length);
        fixed (byte* source = codes)
        fixed (float* target = weights)
            DecodeGroup(source, weights.Length, scale, zeroPoint, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void DecodeAffineRow(
        ReadOnlySpan<byte> codes, int groupSize, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, Span<float> weights)
    {
        CheckLengths(weights.Length, codes.Length);
        if ((weights.Length + groupSize - 1L) / groupSize > scales.Length)
            throw new ArgumentException($"{scales.Length} groups of {groupSize} do not hold {weights.Length} weights", nameof(scales));
        if (zeroPoints.Length != 1) CheckLengths(scales.Length, zeroPoints.Length);
        fixed (byte* source = codes)
        fixed (float* target = weights)
        {
            for (int g = 0, start = 0; start < weights.Length; g++, start += groupSize)
            {
                int length = Math.Min(groupSize, weights.Length - start);
                DecodeGroup(source + start, length, scales[g], zeroPoints[zeroPoints.Length == 1 ? 0 : g], target + start);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DecodeGroup(byte* source, int length, float scale, float zeroPoint, float* target)
    {
        T scales = T.Of(scale), zeroPoints = T.Of(zeroPoint);
        int i = 0;
        for (; i + T.Count <= length; i += T.Count) T.Store((T.LoadBytes(source + i) - zeroPoints) * scales, target + i);
        for (; i < length; i++) target[i] = (source[i] - zeroPoint) * scale;
    }

    public override void AddDecodedErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, ref ErrorSums sums)
    {
        CheckRow(original, codes, groupSize, scales.Length);
        CheckLengths(scales.Length, zeroPoints.Length);
        fixed (float* w = original, scale = scales, zero = zeroPoints)
        fixed (byte* code = codes)
            RowErrors<T>.Add(w, original.Length, new AffineRow(code, scale, zero), groupSize, ref sums);
    }
}
