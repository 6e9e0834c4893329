using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Fits a layer to its inputs: weighs samples over time groups, searches equalization scales, factors the Hessian, and chooses the grid by
/// the output error on the row sample after all corrections. What is worse than <c>base</c> on rows that were held out gives way to it.
/// </summary>
internal sealed class CalibratedPreparation
{
    private const int MinimaxRounds = 12;
    private const double MinimaxPower = 0.7;
    private const int LargeLayer = 1024;

    // Gains of rows and errors of candidates are averages that this many inputs settle; the Hessian takes every row.
    private const int MeterRows = 1024;

    private readonly LayerRequest _request;
    private readonly LayerCalibration _calibration;
    private readonly float[] _sample;
    private readonly bool _isBest;
    private readonly List<IDisposable> _held = [];

    /// <summary>Loads the calibration data and the row sample of a layer.</summary>
    public CalibratedPreparation(LayerRequest request)
    {
        _request = request;
        _isBest = request.Config.Recipe == ArrowQuant.Configuration.Recipe.Best;
        _calibration = request.Calibration();
        _held.Add(_calibration);
        _sample = new float[(long)GridChooser.SampleCount(request.View.Rows) * request.Columns];
        int filled = 0;
        request.ReadSample(piece =>
        {
            piece.CopyTo(_sample.AsSpan(filled));
            filled += piece.Length;
        });
    }

    /// <summary>
    /// What a layer that is quantized already is measured with: the held-out rows, and the mean input if its bias takes up a shift.
    /// </summary>
    public static OutputCorrection MeasureOf(LayerRequest request, LayerCalibration calibration)
    {
        int groups = calibration.Groups.Count;
        var heldOut = new OutputMeter(
            request.Kernels, ActivationSamples.Pooled(calibration.HeldOut, calibration.Features, calibration.HeldOutGroup, groups));
        ActivationSamples fit = ActivationSamples.Pooled(calibration.Fit, calibration.Features, calibration.FitGroup, groups);
        return new OutputCorrection(heldOut, heldOut, request.HasBias ? fit.BalancedMean() : null);
    }

    private LayerRecipe Recipe => _request.Recipe;

    private bool IsTimeAware => Recipe.Enhancement == MethodNames.TimeAware;

    /// <summary>Makes every choice.</summary>
    public PreparedLayer Prepare()
    {
        if (!_calibration.HasSamples) return ByMoments();
        int groups = _calibration.Groups.Count;
        var pooled = ActivationSamples.Pooled(
            _calibration.Fit, _calibration.Features, _calibration.FitGroup, groups, _calibration.FitOriginal);
        var heldOut = ActivationSamples.Pooled(
            _calibration.HeldOut, _calibration.Features, _calibration.HeldOutGroup, groups, _calibration.HeldOutOriginal);
        double[] omega = [.. Enumerable.Repeat(1.0 / groups, groups)];
        ActivationSamples samples = IsTimeAware ? pooled.Balanced(omega) : pooled;
        OutputCorrection correction = CorrectionOf(samples, heldOut);
        PreparedLayer byWeights = LayerPreparation.PrepareByWeights(_request, Recipe, correction, consume => consume(_sample));
        _held.AddRange(byWeights.Held);
        if (!Recipe.IsCompensated) return KeepBetter(Weighed(samples, correction), byWeights, omega);
        _held.Add(_request.Budget.Charge(
            HessianFactor.BytesOf(_request.Columns, BlockColumns)
                * (RecipeRules.RotationAt(_request.Config, _request.BitWidth) == RotationChoice.Auto ? 2 : 1),
            $"the Hessian of {_request.Name} in blocks of {BlockColumns} columns (hessian_block)"));
        if (samples.Original is not null)
            _held.Add(_request.Budget.Charge(Retargeting.BytesOf(_request.Columns), $"retargeting of {_request.Name}"));
        PreparedLayer? fitted = Fit(samples, correction, shared: true);
        if (fitted is null)
        {
            return Fallback(byWeights, "hessian_not_positive_definite",
                $"the Hessian of layer {_request.Name} is not positive definite after damping");
        }

        if (IsTimeAware && _request.Config.MinimaxTimeWeighting) fitted = Minimax(fitted, pooled, heldOut, omega);
        return KeepBetter(fitted, byWeights, omega);
    }

    // Only mean squares per channel are known: columns weigh by them, nothing can be compensated or measured.
    private PreparedLayer ByMoments()
    {
        PreparedLayer byWeights = LayerPreparation.PrepareByWeights(_request, Recipe, null, consume => consume(_sample));
        _held.AddRange(byWeights.Held);
        if (Recipe.Method == MethodNames.Gptq)
        {
            return Fallback(byWeights, "moments_only",
                $"calibration data of layer {_request.Name} has moments of its channels only; gptq needs samples");
        }

        return new PreparedLayer
        {
            Recipe = Recipe,
            Format = byWeights.Format,
            Search = byWeights.Search,
            ColumnWeights = byWeights.Format.Rotation is null ? HessianFactor.Importance(SquareMeans()) : [],
            TimeAwareJson = TimeAwareJsonOf([.. Enumerable.Repeat(1.0 / _calibration.Groups.Count, _calibration.Groups.Count)], null),
            ActivationStatsJson = ActivationStats.Of(_calibration.Groups, _isBest).ToJson(),
            Held = _held,
        };
    }

    // Mean squares of channels; time-aware, each time group with the same share of energy.
    private double[] SquareMeans()
    {
        double[] importance = new double[_calibration.Features];
        for (int k = 0; k < _calibration.Groups.Count; k++)
        {
            ReadOnlySpan<float> squares = _calibration.SquareMeans.AsSpan(k * _calibration.Features, _calibration.Features);
            double energy = 0;
            foreach (float square in squares) energy += square;
            double share = !IsTimeAware ? 1 : energy > 0 ? 1 / energy : 0;
            for (int c = 0; c < importance.Length; c++) importance[c] += squares[c] * share;
        }

        return importance;
    }

    private OutputCorrection CorrectionOf(ActivationSamples fit, ActivationSamples heldOut) => new(
        new OutputMeter(_request.Kernels, fit.Thinned(MeterRows)),
        new OutputMeter(_request.Kernels, heldOut),
        _request.HasBias ? fit.BalancedMean() : null)
    {
        OriginalMean = fit.Original is null ? null : fit.OfOriginal().BalancedMean(),
    };

    // The diagonal of the Hessian alone: columns weigh by it, and no error is passed on.
    private PreparedLayer Weighed(ActivationSamples samples, OutputCorrection correction)
    {
        IReadOnlyList<Grid> grids = Grid.CandidatesOf(Recipe.Method, _request.BitWidth, _request.Config);
        float[] plain = HessianFactor.Importance(samples.SquareMeans());
        float[] rotated = grids.Any(grid => grid.IsRotated) ? HessianFactor.Importance(Rotated(samples).SquareMeans()) : [];
        return Best(correction, grids.Select(grid => new PreparedLayer
        {
            Recipe = Recipe,
            Format = _request.FormatOf(grid),
            Search = grid.Search,
            ColumnWeights = grid.IsRotated ? rotated : plain,
            Correction = correction,
            Held = _held,
        }));
    }

    private PreparedLayer? Fit(ActivationSamples samples, OutputCorrection correction, bool shared)
    {
        float[]? retarget = samples.Original is null ? null : Retargeting.MatrixOf(_request.Kernels, samples, Threads);
        ILookup<bool, Grid> grids = Grid.CompensatedCandidatesOf(Recipe.Method, _request.BitWidth, _request.Config)
            .ToLookup(grid => grid.IsRotated);
        List<PreparedLayer> candidates = [];
        if (grids.Contains(false))
        {
            (float[] Scales, double Alpha)? equalization = Recipe.Enhancement == MethodNames.Spatial ? Equalize(samples) : null;
            HessianFactor? hessian = equalization is { } found
                ? Factor(samples.Scaled(found.Scales))
                : shared ? SharedFactor(samples, null) : Factor(samples);
            if (hessian is not null)
            {
                candidates.AddRange(grids[false].Select(
                    grid => Candidate(grid, hessian, equalization, correction) with { Retarget = retarget }));
            }
        }

        // What equalization is for, a rotation does by itself: it spreads large channels over their group.
        if (grids.Contains(true) && (shared ? SharedFactor(samples, _request.Rotation) : Factor(Rotated(samples))) is { } rotated)
            candidates.AddRange(grids[true].Select(grid => Candidate(grid, rotated, null, correction) with { Retarget = retarget }));
        return candidates.Count == 0 ? null : Best(correction, candidates);
    }

    private PreparedLayer Candidate(
        Grid grid, HessianFactor hessian, (float[] Scales, double Alpha)? equalization, OutputCorrection correction) => new()
        {
            Recipe = equalization is null ? Recipe : Recipe with { ChannelEqualization = true },
            Format = _request.FormatOf(grid, equalization?.Scales),
            Search = grid.Search,
            Hessian = hessian,
            Correction = correction,
            Alpha = equalization?.Alpha,
            Held = _held,
        };

    private ActivationSamples Rotated(ActivationSamples samples) => samples.Rotated(_request.Kernels, _request.Rotation);

    // The candidate that costs least on the rows that it was fitted to; the first of equal ones.
    private PreparedLayer Best(OutputCorrection correction, IEnumerable<PreparedLayer> candidates) => candidates
        .MinBy(candidate => ErrorOf(candidate, correction.Fit) is { } figures ? CostOf(figures) : double.PositiveInfinity)!;

    private double CostOf(OutputFigures figures) => _isBest ? figures.DamageEstimate : figures.RelativeError;

    private (float[] Scales, double Alpha)? Equalize(ActivationSamples samples)
    {
        Grid grid = Grid.OfEqualization(_request.BitWidth);
        var meter = new OutputMeter(_request.Kernels, samples.Thinned(MeterRows));
        var correction = new OutputCorrection(meter, meter, null);
        return new EqualizationSearch(samples, _request.Channels).Find(_sample, (scales, importance) =>
        {
            var candidate = new PreparedLayer
            {
                Recipe = Recipe,
                Format = _request.FormatOf(grid, scales),
                Search = grid.Search,
                ColumnWeights = importance,
                Correction = correction,
            };
            return ErrorOf(candidate, correction.Fit)?.RelativeError ?? double.PositiveInfinity;
        });
    }

    private HessianFactor? SharedFactor(ActivationSamples samples, HadamardRotation? rotation)
    {
        var key = new HessianKey(_calibration.InputHash, IsTimeAware, BlockColumns, rotation);
        return _request.Hessians.Share(key, () => Factor(rotation is null ? samples : Rotated(samples)));
    }

    // Small layers go side by side on the workers; a large one has all of them to itself while its choices are made.
    private int Threads => _request.Columns >= LargeLayer ? _request.Threads : 1;

    private int BlockColumns => HessianFactor.BlockColumns(_request.Config.HessianBlock, _request.Columns, _request.Config.GroupSize);

    private HessianFactor? Factor(ActivationSamples samples)
    {
        int block = BlockColumns;
        return HessianFactor.TryCreate(_request.Kernels, samples, block, actOrder: false, Threads, _request.Config.Recipe);
    }

    // Shares of time groups grow with their error, so that the worst one falls (methods that minimise the maximum by reweighting).
    private PreparedLayer Minimax(PreparedLayer first, ActivationSamples pooled, ActivationSamples heldOut, double[] omega)
    {
        PreparedLayer best = first;
        OutputMeter meter = new(_request.Kernels, pooled.Thinned(MeterRows));
        OutputFigures? figures = ErrorOf(first, meter);
        double least = figures?.WorstError ?? double.PositiveInfinity;
        double[] shares = [.. omega];
        for (int round = 0; round < MinimaxRounds && figures is not null && figures.GroupErrors.Count == shares.Length; round++)
        {
            double mean = figures.GroupErrors.Average();
            if (!(mean > 0)) break;
            for (int k = 0; k < shares.Length; k++) shares[k] *= Math.Pow(figures.GroupErrors[k] / mean, MinimaxPower);
            double total = shares.Sum();
            for (int k = 0; k < shares.Length; k++) shares[k] /= total;
            ActivationSamples samples = pooled.Balanced(shares);
            if (Fit(samples, CorrectionOf(samples, heldOut), shared: false) is not { } candidate) break;
            figures = ErrorOf(candidate, meter);
            if (figures is null || figures.WorstError >= least) continue;
            least = figures.WorstError;
            best = candidate;
            shares.CopyTo(omega, 0);
        }

        return best;
    }

    private PreparedLayer KeepBetter(PreparedLayer fitted, PreparedLayer byWeights, double[] omega)
    {
        OutputMeter heldOut = fitted.Correction!.HeldOut;
        OutputFigures? ours = ErrorOf(fitted, heldOut);
        OutputFigures? rounded = ErrorOf(byWeights, heldOut);
        if (ours is null || rounded is null) return Described(fitted, omega, ours);
        if (CostOf(ours) > CostOf(rounded))
        {
            return Fallback(byWeights, "worse_than_base",
                $"{(_isBest ? "held-out damage estimate of layer" : "held-out output error of layer")} {_request.Name} is "
                + $"{CostOf(ours):0.####} fitted and {CostOf(rounded):0.####} with base");
        }

        if (IsTimeAware && ours.WorstError > rounded.WorstError)
        {
            return Fallback(byWeights, "worst_time_group",
                $"held-out output error of the worst time group of layer {_request.Name} is "
                + $"{ours.WorstError:0.####} fitted and {rounded.WorstError:0.####} with base");
        }

        return Described(fitted, omega, ours);
    }

    private PreparedLayer Described(PreparedLayer layer, double[] omega, OutputFigures? heldOut) => layer with
    {
        TimeAwareJson = TimeAwareJsonOf(omega, heldOut?.ErrorOfGroup),
        ActivationStatsJson = ActivationStats.Of(_calibration.Groups, _isBest).ToJson(),
    };

    private string? TimeAwareJsonOf(double[] omega, IReadOnlyList<double?>? errors) =>
        IsTimeAware ? TimeAwareQuant.Of(true, _calibration.Groups, omega, errors).ToJson() : null;

    private PreparedLayer Fallback(PreparedLayer byWeights, string cause, string message)
    {
        // The rows are still measured with; the Hessian is not needed any more.
        foreach (IDisposable held in _held.Skip(1)) held.Dispose();
        LayerRecipe recipe = Recipe.WithoutCalibration(cause, message);
        PreparedLayer prepared = LayerPreparation.PrepareByWeights(_request, recipe, byWeights.Correction, consume => consume(_sample));
        return prepared with
        {
            ActivationStatsJson = ActivationStats.Of(_calibration.Groups, _isBest).ToJson(),
            Held = [_calibration, .. prepared.Held],
        };
    }

    // The relative output error of the row sample, quantized as a candidate would quantize it, on some inputs. The parts are the same for
    // every number of threads, and are added up in order.
    private OutputFigures? ErrorOf(PreparedLayer candidate, OutputMeter meter)
    {
        PreparedLayer probe = candidate with { Correction = candidate.Correction! with { HeldOut = meter } };
        int columns = _request.Columns;
        int rows = _sample.Length / columns;
        int together = CompensatedCoder.RowsTogetherOf(candidate.Format);
        var parts = new RowMeasures[(rows + together - 1) / together];
        Parallel.For(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = Threads }, part =>
        {
            int first = part * together;
            int count = Math.Min(together, rows - first);
            var block = new QuantizedBlock(candidate.Format, 0, count);
            ReadOnlySpan<float> weights = _sample.AsSpan(first * columns, count * columns);
            parts[part] = probe.NewQuantizer(_request.Kernels).Quantize(weights, block, 0);
        });
        var sums = new RowMeasures(meter.Samples.GroupCount);
        foreach (RowMeasures part in parts) sums.Add(part);
        return OutputFigures.From(sums.Outputs, sums.Damage);
    }
}
