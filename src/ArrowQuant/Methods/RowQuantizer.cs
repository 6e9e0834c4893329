using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>What was measured on some quantized rows.</summary>
internal sealed class RowMeasures(int timeGroups)
{
    /// <summary>Sums over weights, added row by row.</summary>
    public ErrorSums Weights;

    /// <summary>Sums over held-out outputs, one per time group; empty without calibration data.</summary>
    public OutputSums[] Outputs { get; } = new OutputSums[timeGroups];

    /// <summary>What held-out outputs tell of noise and bias, added row by row.</summary>
    public DamageSums Damage;

    /// <summary>What the layer's bias takes up, one per row; empty where no bias is corrected.</summary>
    public List<float> Shifts { get; } = [];

    /// <summary>Adds what held-out inputs tell of the rows that follow, and what the bias takes up for them.</summary>
    /// <param name="correction">Has the inputs.</param>
    /// <param name="original">[rows, columns] original weights.</param>
    /// <param name="decoded">The same weights decoded.</param>
    public void AddOutputs(OutputCorrection correction, ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        float[] shifts = correction.ShiftsOf(original, decoded);
        OutputMeter meter = correction.HeldOut;
        float[] expected = meter.ExpectedOf(original);
        float[] found = meter.OutputsOf(decoded);
        Shifts.AddRange(shifts);
        meter.Add(expected, found, shifts, Outputs);
        Damage.Add(expected, found, shifts, original.Length / meter.Samples.Features);
    }

    /// <summary>Adds what was measured on the rows that follow.</summary>
    public void Add(RowMeasures next)
    {
        Weights.Add(next.Weights);
        OutputSums.Add(Outputs, next.Outputs);
        Damage.Add(next.Damage);
        Shifts.AddRange(next.Shifts);
    }
}

/// <summary>
/// Quantizes rows: codes them, removes the bias of each row, and measures what a reader will decode. Not thread-safe; make one per worker.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="format">How the codes are to be read.</param>
/// <param name="coder">Chooses grids and codes.</param>
/// <param name="correction">What calibration data adds, or null without it.</param>
/// <param name="retarget">What the coder's target differs by from the weights (<see cref="Retargeting"/>), or null.</param>
internal sealed class RowQuantizer(
    KernelSet kernels, QuantizedFormat format, IRowCoder coder, OutputCorrection? correction = null, float[]? retarget = null)
{
    private readonly GroupLayout _layout = format.Groups;
    private byte[] _codes = [];

    /// <summary>
    /// Quantizes [rows, columns] finite weights into the rows of <paramref name="block"/> that begin at <paramref name="firstRow"/>.
    /// </summary>
    public RowMeasures Quantize(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow)
    {
        RowMeasures measures = NewMeasures();
        Quantize(weights, block, firstRow, measures);
        return measures;
    }

    /// <summary>The same; adds what is measured to <paramref name="measures"/>.</summary>
    /// <param name="weights">[rows, columns] finite weights.</param>
    /// <param name="block">Receives codes and grids.</param>
    /// <param name="firstRow">The first of the rows in the block.</param>
    /// <param name="measures">Added to.</param>
    /// <param name="ahead">What the caller reads next, or empty: a hint.</param>
    public void Quantize(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, RowMeasures measures, ReadOnlySpan<byte> ahead = default)
    {
        if (_codes.Length < weights.Length) _codes = new byte[weights.Length];
        Span<byte> codes = _codes.AsSpan(0, weights.Length);
        ReadOnlySpan<float> target = retarget is null ? weights : Retargeting.Apply(kernels, weights, retarget, _layout.Columns);
        CodedSums? sums = coder.Code(format.IsTransformed ? Transformed(target) : target, block, firstRow, codes, ahead);
        Pack(codes, block, firstRow);
        if (IsMeasuredByWeights) MeasureByWeights(weights, codes, block, firstRow, retarget is null ? sums : null, measures);
        else measures.Add(MeasureDecoded(weights, codes, block, firstRow));
    }

    /// <summary>
    /// Measures the rows of a finished <paramref name="block"/> that begin at <paramref name="firstRow"/> and adds to
    /// <paramref name="measures"/> what quantizing them does, in the same order.
    /// </summary>
    public void MeasureFinished(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, RowMeasures measures)
    {
        if (IsMeasuredByWeights)
        {
            BlockDecoder.AddErrors(kernels, block, firstRow, weights, ref measures.Weights);
            return;
        }

        RowMeasures own = NewMeasures();
        BlockDecoder.AddErrors(kernels, block, firstRow, weights, ref own.Weights);
        if (correction is not null)
        {
            float[] decoded = new float[weights.Length];
            BlockDecoder.Decode(kernels, block, firstRow, weights.Length / _layout.Columns, decoded);
            own.AddOutputs(correction, weights, decoded);
        }

        measures.Add(own);
    }

    private bool IsMeasuredByWeights => correction is null && !format.IsTransformed;

    // Rows are measured as they are decoded, or by what coding them left behind; nothing is stored.
    private void MeasureByWeights(
        ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, QuantizedBlock block, int firstRow, CodedSums? sums, RowMeasures measures)
    {
        for (int r = 0; r < weights.Length / _layout.Columns; r++)
        {
            ReadOnlySpan<float> rowWeights = RowOf(weights, r);
            ReadOnlySpan<byte> rowCodes = codes.Slice(r * _layout.Columns, _layout.Columns);
            if (sums is not null && TryMeasureCoded(rowWeights, rowCodes, block, firstRow + r, sums, r, measures)) continue;
            ErrorSums row = default;
            BlockDecoder.AddRowErrors(kernels, block, firstRow + r, rowCodes, rowWeights, ref row);
            if (RowGain.Apply(kernels, block, firstRow + r, RowGain.Of(row)))
            {
                row = default;
                BlockDecoder.AddRowErrors(kernels, block, firstRow + r, rowCodes, rowWeights, ref row);
            }

            measures.Weights.Add(row);
        }
    }

    // False, and nothing is done, where the sums tell nothing.
    private bool TryMeasureCoded(
        ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, QuantizedBlock block, int row, CodedSums sums, int sumsRow,
        RowMeasures measures)
    {
        int groups = _layout.GroupsPerRow;
        Span<float> scales = block.Scales.AsSpan(row * groups, groups);
        Span<float> zeroPoints = block.ZeroPoints.AsSpan(row * groups, groups);
        if (!kernels.TryErrorsOfCoded<GainSums>(sums, sumsRow, scales, out ErrorSums errors)) return false;
        RowGain.Apply(kernels, block, row, RowGain.Of(errors));
        if (!kernels.TryErrorsOfCoded<AllSums>(sums, sumsRow, scales, out errors))
        {
            BlockDecoder.AddRowErrors(kernels, block, row, codes, weights, ref measures.Weights);
            return true;
        }

        errors.LargestError = kernels.LargestErrorOfCoded(
            sums, sumsRow, weights, codes, _layout.GroupSize, scales, zeroPoints, format.BitWidth, measures.Weights.LargestError);
        measures.Weights.Add(errors);
        return true;
    }

    private RowMeasures NewMeasures() => new(correction?.HeldOut.Samples.GroupCount ?? 0);

    private RowMeasures MeasureDecoded(ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, QuantizedBlock block, int firstRow)
    {
        int rows = weights.Length / _layout.Columns;
        float[] decoded = new float[weights.Length];
        Decode(codes, block, firstRow, decoded);
        float[] outputs = correction is null ? [] : correction.Fit.ExpectedOf(weights);
        double[] gains = correction is null ? [] : correction.Fit.GainsOf(outputs, correction.Fit.OutputsOf(decoded));
        for (int r = 0; r < rows; r++)
        {
            // Outputs that tell nothing leave the decision to the weights.
            double gain = correction is null || double.IsNaN(gains[r]) ? WeightGain(weights, decoded, r) : RowGain.Bounded(gains[r]);
            RowGain.Apply(kernels, block, firstRow + r, gain);
        }

        Decode(codes, block, firstRow, decoded);
        RowMeasures measures = NewMeasures();
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<byte> rowCodes = codes.Slice(r * _layout.Columns, _layout.Columns);
            if (format.IsTransformed) AddErrors(weights, decoded, r, ref measures.Weights);
            else BlockDecoder.AddRowErrors(kernels, block, firstRow + r, rowCodes, RowOf(weights, r), ref measures.Weights);
        }

        if (correction is not null) measures.AddOutputs(correction, weights, decoded);
        return measures;
    }

    // In the sums of a row first, as everywhere.
    private void AddErrors(ReadOnlySpan<float> weights, float[] decoded, int row, ref ErrorSums sums)
    {
        ErrorSums own = default;
        kernels.AddErrors(RowOf(weights, row), RowOf(decoded, row), ref own);
        sums.Add(own);
    }

    private double WeightGain(ReadOnlySpan<float> weights, float[] decoded, int row)
    {
        ErrorSums sums = default;
        AddErrors(weights, decoded, row, ref sums);
        return RowGain.Of(sums);
    }

    private ReadOnlySpan<float> RowOf(ReadOnlySpan<float> values, int row) => values.Slice(row * _layout.Columns, _layout.Columns);

    private float[] Transformed(ReadOnlySpan<float> weights)
    {
        float[] transformed = weights.ToArray();
        if (format.EqualizationScales is { } scales)
        {
            int perChannel = _layout.Columns / scales.Length;
            for (int i = 0; i < transformed.Length;)
            {
                foreach (float scale in scales)
                {
                    for (int end = i + perChannel; i < end; i++) transformed[i] /= scale;
                }
            }
        }

        format.Rotation?.Rotate(kernels, transformed);
        return transformed;
    }

    // Codes are stored as they are; from then on they are what decoding takes.
    private void Pack(Span<byte> codes, QuantizedBlock block, int firstRow)
    {
        int rowBytes = _layout.RowBytes(format.BitWidth);
        var steps = new CodeSteps(kernels, format);
        for (int r = 0; r < codes.Length / _layout.Columns; r++)
        {
            Span<byte> row = codes.Slice(r * _layout.Columns, _layout.Columns);
            Codes.Pack(row, format.BitWidth, block.Codes.AsSpan((firstRow + r) * rowBytes, rowBytes));
            steps.Turn(firstRow + r, row);
        }
    }

    private void Decode(ReadOnlySpan<byte> codes, QuantizedBlock block, int firstRow, float[] decoded)
    {
        for (int r = 0; r < codes.Length / _layout.Columns; r++)
        {
            BlockDecoder.DecodeRow(
                kernels, block, firstRow + r,
                codes.Slice(r * _layout.Columns, _layout.Columns), decoded.AsSpan(r * _layout.Columns, _layout.Columns));
        }
    }
}
