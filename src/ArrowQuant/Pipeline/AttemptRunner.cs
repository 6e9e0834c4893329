using System.IO.Hashing;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>Runs passes over a planned model: reads, quantizes, measures, and writes shards when asked to.</summary>
internal sealed class AttemptRunner(
    ModelPlan plan, KernelSet kernels, MemoryBudget budget, ArtefactWriterOptions writing, ProgressReporter progress)
    : IAttemptRunner
{
    private readonly int _threads = plan.Config.NumThreads == 0 ? Environment.ProcessorCount : plan.Config.NumThreads;

    /// <inheritdoc/>
    public AttemptResult Run(AttemptSpec spec, CancellationToken cancellationToken)
    {
        TensorWork?[] work = [.. plan.Tensors.Select(tensor => WorkOf(spec, tensor))];
        IReadOnlyList<IReadOnlyList<BlockJob>> jobs = [.. plan.Shards.Select(shard => JobsOf(shard, work))];
        using IDisposable charge = budget.Charge(BytesNeeded(jobs, work), "block buffers on " + _threads + " threads");
        using var shards = new ShardSet(plan.Shards, spec.OutputFolder, writing);
        var observed = new ObservedPrefix(work, spec.Observe);
        progress.Begin(spec, work);

        BlockScheduler<object>? scheduler = null;
        scheduler = new BlockScheduler<object>(
            jobs,
            _threads,
            (_, job, buffers) => Process(work[job.TensorIndex]!, job, buffers),
            (shard, job, result) =>
            {
                TensorWork tensor = work[job.TensorIndex]!;
                LayerOutcome? outcome = result is QuantizedRows rows ? tensor.Add(rows, job.IsLast) : null;
                Write(shards, shard, tensor, job, result, outcome);
                if (ReferenceEquals(job, jobs[shard][^1])) shards.Complete(shard);
                if (job.IsLast) progress.Finished(tensor);
                if (outcome is not null && !observed.Add(outcome)) scheduler!.Stop();
            });
        scheduler.Run(cancellationToken);
        return new AttemptResult(observed.Layers, observed.Stopped ? [] : shards.Files, observed.Stopped);
    }

    private TensorWork? WorkOf(AttemptSpec spec, PlannedTensor tensor)
    {
        bool included = spec.Only?.Contains(tensor.Index) ?? true;
        int? width = spec.Widths[tensor.Index];
        if (!included || (width is null && spec.OutputFolder is null)) return null;
        if (width is not { } bits)
            return new TensorWork(tensor, new MatrixReader(plan.Source, tensor.Tensor, MatrixView.Of(tensor.Tensor.Shape)), null);
        var reader = new MatrixReader(plan.Source, tensor.Tensor, tensor.View);
        return new TensorWork(tensor, reader, new LayerJob(kernels, reader, plan.RecipeOf(tensor), bits, plan.Config.GroupSize));
    }

    private static List<BlockJob> JobsOf(PlannedShard shard, TensorWork?[] work)
    {
        List<BlockJob> jobs = [];
        foreach (int index in shard.TensorIndices)
        {
            if (work[index] is not { } tensor) continue;
            TensorInfo info = tensor.Planned.Tensor;
            int rows = BlockPlan.RowsPerBlock(tensor.Reader.View, info.ElementType, tensor.Job?.BitWidth, info.FullName);
            (long RowStart, int RowCount)[] blocks = [.. BlockPlan.Blocks(tensor.Reader.View, rows)];
            for (int i = 0; i < blocks.Length; i++)
                jobs.Add(new BlockJob(index, blocks[i].RowStart, blocks[i].RowCount, i == blocks.Length - 1));
        }

        return jobs;
    }

    private static object Process(TensorWork tensor, BlockJob job, BlockBuffers buffers)
    {
        if (tensor.Job is { } layer) return layer.Quantize(job.RowStart, job.RowCount, buffers);
        byte[] values = new byte[BlockBytes(tensor, job)];
        tensor.Reader.ReadRows(job.RowStart, job.RowCount, values);
        return values;
    }

    private void Write(ShardSet shards, int shard, TensorWork tensor, BlockJob job, object result, LayerOutcome? outcome)
    {
        if (shards.Writer(shard) is not { } writer) return;
        if (result is QuantizedRows rows)
        {
            tensor.Header ??= StoredHeader.OfLayer(plan, tensor.Planned, tensor.Job!.Recipe, rows.Block.Format);
            double? nmse = outcome is { } o && double.IsFinite(o.Figures.Nmse) ? o.Figures.Nmse : null;
            writer.WriteBlock(tensor.Header, rows.Block, rows.SourceHash, outcome?.Figures.Cosine, nmse);
        }
        else
        {
            tensor.Header ??= StoredHeader.OfKept(plan, tensor.Planned.Tensor);
            byte[] values = (byte[])result;
            writer.WriteKept(tensor.Header, job.RowStart, job.RowCount, values, XxHash128.HashToUInt128(values));
        }
    }

    private static long BlockBytes(TensorWork tensor, BlockJob job) =>
        tensor.Planned.Tensor.ElementType.ByteLength(job.RowCount * tensor.Reader.View.Columns)
        ?? throw new ModelFormatException(
            $"{tensor.Planned.Tensor.FilePath}: rows of tensor {tensor.Planned.Tensor.FullName} ({tensor.Planned.Tensor.ElementType.Name()} {tensor.Planned.Tensor.Shape}) do not fill whole bytes")
        {
            FilePath = tensor.Planned.Tensor.FilePath,
            TensorName = tensor.Planned.Tensor.FullName,
        };

    // Source and weights once per worker, and results that wait for their turn: a window of blocks for each shard that is open.
    private long BytesNeeded(IReadOnlyList<IReadOnlyList<BlockJob>> jobs, TensorWork?[] work)
    {
        long source = 0;
        long result = 0;
        long weights = WeightConverter.PieceLength;
        foreach (BlockJob job in jobs.SelectMany(shard => shard))
        {
            TensorWork tensor = work[job.TensorIndex]!;
            long bytes = BlockBytes(tensor, job);
            source = Math.Max(source, tensor.Job is null ? 0 : bytes);
            MatrixView rows = tensor.Reader.View with { Rows = job.RowCount };
            result = Math.Max(result, tensor.Job is { } layer ? plan.Size.Of(rows, layer.BitWidth) : bytes);
            weights = Math.Max(weights, tensor.Reader.View.Columns);
        }

        int openShards = Math.Min(_threads, jobs.Count);
        return _threads * (source + weights * sizeof(float)) + (long)openShards * (_threads + 2) * result;
    }
}
