using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>Cuts the tensors of a pass into jobs, and says what buffers they need.</summary>
internal static class JobPlan
{
    private const int BytesBesideBlock = 4096;
    private const int TileCopies = 4;

    /// <summary>The jobs of one shard, in the order in which their rows are written.</summary>
    public static IReadOnlyList<BlockJob> JobsOf(ModelPlan plan, PlannedShard shard, TensorWork?[] work)
    {
        List<BlockJob> jobs = [];
        foreach (int index in InDependencyOrder(plan, shard, work))
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

    // A bias that takes up a shift is written right behind its layer.
    private static IEnumerable<int> InDependencyOrder(ModelPlan plan, PlannedShard shard, TensorWork?[] work)
    {
        HashSet<int> corrected =
            [.. shard.TensorIndices.Where(i => IsCalibrated(work[i]) && plan.BiasOf.ContainsKey(i)).Select(i => plan.BiasOf[i])];
        corrected.IntersectWith(shard.TensorIndices);
        foreach (int index in shard.TensorIndices)
        {
            if (corrected.Contains(index)) continue;
            yield return index;
            if (IsCalibrated(work[index]) && plan.BiasOf.TryGetValue(index, out int bias) && corrected.Contains(bias)) yield return bias;
        }
    }

    private static bool IsCalibrated(TensorWork? work) => work?.Job is { } job && job.IsCalibrated;

    /// <summary>Source bytes of a block.</summary>
    public static long BlockBytes(TensorWork tensor, BlockJob job) =>
        tensor.Planned.Tensor.ElementType.ByteLength(job.RowCount * tensor.Reader.View.Columns)
        ?? throw new ModelFormatException(
            $"{tensor.Planned.Tensor.FilePath}: rows of tensor {tensor.Planned.Tensor.FullName} "
            + $"({tensor.Planned.Tensor.ElementType.Name()} {tensor.Planned.Tensor.Shape}) do not fill whole bytes")
        {
            FilePath = tensor.Planned.Tensor.FilePath,
            TensorName = tensor.Planned.Tensor.FullName,
        };

    /// <summary>About the size of the shard's file, a hint; 0 when its codes are compressed, since then nobody knows.</summary>
    public static long ExpectedBytes(ModelPlan plan, IReadOnlyList<BlockJob> jobs, TensorWork?[] work, ArtefactWriterOptions options) =>
        options.Compression != Compression.None ? 0 : jobs.Sum(job => StoredBytes(plan, work[job.TensorIndex]!, job) + BytesBesideBlock);

    private static long StoredBytes(ModelPlan plan, TensorWork tensor, BlockJob job) => tensor.Job is { } layer
        ? plan.Size.Of(tensor.Reader.View with { Rows = job.RowCount }, layer.BitWidth)
        : BlockBytes(tensor, job);

    /// <summary>
    /// Bytes of block buffers: source and weights once per worker, and the results that are made, wait for their turn or are being written.
    /// </summary>
    /// <param name="plan">The run.</param>
    /// <param name="jobs">Its jobs.</param>
    /// <param name="work">Its tensors.</param>
    /// <param name="threads">Workers.</param>
    /// <param name="inParts">Whether the source of a block is read in parts.</param>
    public static long BytesNeeded(
        ModelPlan plan, IReadOnlyList<IReadOnlyList<BlockJob>> jobs, TensorWork?[] work, int threads, bool inParts)
    {
        long source = 0;
        long result = 0;
        long weights = WeightConverter.PieceLength;
        foreach (BlockJob job in jobs.SelectMany(shard => shard))
        {
            TensorWork tensor = work[job.TensorIndex]!;
            long bytes = BlockBytes(tensor, job);
            result = Math.Max(result, StoredBytes(plan, tensor, job));
            long columns = tensor.Reader.View.Columns;
            bool tiles = tensor.Job is { } layer && Grid.MayBeTrellis(plan.Config, layer.BitWidth);
            int rows = WeightConverter.RowsPerPiece(columns, IsCalibrated(tensor), tiles);

            long rowBytes = bytes / Math.Max(1, job.RowCount);
            long read = inParts ? Math.Min(bytes, rowBytes * WeightConverter.RowsPerPart(rowBytes, (int)rows)) : bytes;
            source = Math.Max(source, tensor.Job is null ? 0 : read);

            // A tile of wide rows is large: what is rotated, decoded and coded of it counts as well.
            weights = Math.Max(weights, columns * (tiles ? TileCopies * Math.Min(rows, job.RowCount) : rows));
        }

        return threads * (source + weights * sizeof(float)) + (long)BlockScheduler<object>.MostOpen(threads) * result;
    }
}
