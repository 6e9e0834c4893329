using System.IO.Hashing;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>Runs passes over a planned model: reads, quantizes, measures, and writes shards when asked to.</summary>
internal sealed class AttemptRunner(
    ModelPlan plan, KernelSet kernels, MemoryBudget budget, ArtefactWriterOptions writing, ProgressReporter progress,
    PhaseTimes times, IFinishedBlocks? finished = null)
    : IAttemptRunner
{
    private readonly int _threads = plan.Config.NumThreads == 0 ? Environment.ProcessorCount : plan.Config.NumThreads;

    private readonly HessianCache _hessians = new();

    private readonly RunIdentity? _identity = finished is null && plan.Runner is null ? null : new RunIdentity(plan);

    /// <inheritdoc/>
    public AttemptResult Run(AttemptSpec spec, CancellationToken cancellationToken)
    {
        using SequentialBlocks? sequential = plan.Runner is null ? null : new SequentialCalibration(plan, kernels, budget, _threads, times)
            .Run(spec.Widths, ReaderOf, RequestOf, cancellationToken);
        TensorWork?[] work = [.. plan.Tensors.Select(tensor => WorkOf(spec, tensor, sequential ?? finished))];
        IReadOnlyList<IReadOnlyList<BlockJob>> jobs = [.. plan.Shards.Select(shard => JobPlan.JobsOf(plan, shard, work))];
        bool inParts = sequential is null && finished is null;
        using IDisposable charge = budget.Charge(
            JobPlan.BytesNeeded(plan, jobs, work, _threads, inParts), "block buffers on " + _threads + " threads");
        var pool = new BlockPool();
        using var shards = new ShardSet(
            plan.Shards, spec.OutputFolder, writing, [.. jobs.Select(shard => JobPlan.ExpectedBytes(plan, shard, work, writing))], pool);
        var observed = new ObservedPrefix(work, spec.Observe);
        progress.Begin(spec, work);

        BlockScheduler<object>? scheduler = null;
        scheduler = new BlockScheduler<object>(
            jobs,
            _threads,
            (_, job, buffers) => Process(work[job.TensorIndex]!, job, buffers, pool),
            (shard, job, result) =>
            {
                TensorWork tensor = work[job.TensorIndex]!;
                LayerOutcome? outcome = result is QuantizedRows rows ? tensor.Add(rows, job.IsLast) : null;
                long began = times.Begin();
                Write(shards, shard, work, job, result, outcome);
                began = times.End(RunPhase.Write, began);
                if (spec.OutputFolder is null && result is QuantizedRows measured) pool.Return(measured.Block);
                if (ReferenceEquals(job, jobs[shard][^1]))
                {
                    shards.Complete(shard);
                    times.End(RunPhase.Flush, began);
                }

                if (job.IsLast) Finish(tensor);
                if (outcome is not null && !observed.Add(outcome)) scheduler!.Stop();
            });
        scheduler.Run(cancellationToken);
        return new AttemptResult(observed.Layers, observed.Stopped ? [] : shards.Files, observed.Stopped);
    }

    private void Finish(TensorWork tensor)
    {
        tensor.Dispose();
        progress.Finished(tensor);
    }

    private TensorWork? WorkOf(AttemptSpec spec, PlannedTensor tensor, IFinishedBlocks? blocks)
    {
        bool included = spec.Only?.Contains(tensor.Index) ?? true;
        int? width = spec.Widths[tensor.Index];
        if (!included || (width is null && spec.OutputFolder is null)) return null;
        bool quantized = width is not null;
        MatrixReader reader = quantized
            ? ReaderOf(tensor)
            : new MatrixReader(plan.Source, tensor.Tensor, MatrixView.Of(tensor.Tensor.Shape));
        return new TensorWork(tensor, reader, quantized ? JobOf(tensor, reader, width!.Value, blocks) : null, plan.JudgeByOutputs);
    }

    private MatrixReader ReaderOf(PlannedTensor layer) => new(plan.Source, layer.Tensor, layer.View);

    private LayerJob JobOf(PlannedTensor tensor, MatrixReader reader, int bits, IFinishedBlocks? blocks)
    {
        LayerRequest request = RequestOf(tensor, reader, bits);
        return new LayerJob(reader, request, times, _identity is null ? null : new LayerIdentity(_identity, reader, request), blocks);
    }

    private LayerRequest RequestOf(PlannedTensor tensor, MatrixReader reader, int bits) => new()
    {
        Name = tensor.Tensor.FullName,
        Kernels = kernels,
        Config = plan.Config,
        BitWidth = bits,
        View = tensor.View,
        Channels = tensor.InputChannels,
        HasBias = plan.BiasOf.ContainsKey(tensor.Index),
        RowsTellInputs = plan.Modality != Modality.Audio,
        Recipe = plan.RecipeOf(tensor),
        Calibration = () => LoadCalibration(tensor),
        Hessians = _hessians,
        ReadSample = consume => LayerJob.ReadSample(kernels, reader, Grid.MayBeTrellis(plan.Config, bits), consume),
        Budget = budget,
        Threads = _threads,
    };

    // The plan has asked already whether the data serves the layer.
    private LayerCalibration LoadCalibration(PlannedTensor tensor) =>
        plan.Calibration!.Load(tensor.Tensor.FullName, tensor.View.Columns, out CalibrationDefect? defect)
        ?? throw new CalibrationException(defect!.Message);

    private object Process(TensorWork tensor, BlockJob job, BlockBuffers buffers, BlockPool pool)
    {
        if (tensor.Job is { } layer) return layer.Quantize(job.RowStart, job.RowCount, buffers, pool);
        long began = times.Begin();
        byte[] values = new byte[JobPlan.BlockBytes(tensor, job)];
        tensor.Reader.ReadRows(job.RowStart, job.RowCount, values);
        times.End(RunPhase.Read, began);
        return values;
    }

    private void Write(ShardSet shards, int shard, TensorWork?[] work, BlockJob job, object result, LayerOutcome? outcome)
    {
        TensorWork tensor = work[job.TensorIndex]!;
        if (shards.Writer(shard) is not { } writer) return;
        if (result is QuantizedRows rows)
        {
            tensor.Header ??= StoredHeader.OfLayer(plan, tensor.Planned, tensor.Job!.Prepared);
            writer.WriteBlock(
                tensor.Header, rows.Block, rows.SourceHash, outcome?.Figures.Cosine,
                outcome is { } o && double.IsFinite(o.Figures.Nmse) ? o.Figures.Nmse : null);
        }
        else
        {
            float[] shifts = plan.LayerOfBias.TryGetValue(tensor.Planned.Index, out int layer) ? work[layer]!.Shifts : [];
            tensor.Header ??= StoredHeader.OfKept(plan, tensor.Planned.Tensor, shifts.Length > 0);
            byte[] values = (byte[])result;
            UInt128 sourceHash = XxHash128.HashToUInt128(values);
            if (shifts.Length > 0) BiasCorrection.Apply(values, tensor.Planned.Tensor.ElementType, shifts);
            writer.WriteKept(tensor.Header, job.RowStart, job.RowCount, values, sourceHash);
        }
    }
}
