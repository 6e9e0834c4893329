using ArrowQuant.Calibration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// Quantizes layers in forward order, each fitted to the inputs that the layers before it make once they are quantized, and aimed at the
/// outputs of the original model. Whole quantized layers stay in memory until the pass writes them.
/// </summary>
/// <param name="plan">What is quantized, with the runner.</param>
/// <param name="kernels">The kernels.</param>
/// <param name="budget">Charged for what stays in memory.</param>
/// <param name="threads">Threads; no result depends on it.</param>
/// <param name="times">Told what the threads do.</param>
internal sealed class SequentialCalibration(ModelPlan plan, KernelSet kernels, MemoryBudget budget, int threads, PhaseTimes times)
{
    private readonly Dictionary<string, ReadOnlyMemory<float>> _replaced = new(StringComparer.Ordinal);
    private readonly RunnerCalibration _calibration = new(plan.Runner!, plan.Config, budget);

    /// <summary>Quantizes every layer that the runner names.</summary>
    /// <param name="widths">Width of every tensor of the plan; null where it is kept.</param>
    /// <param name="readerOf">Reads the rows of a layer.</param>
    /// <param name="requestOf">What the choices of a layer are made from at a width.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public SequentialBlocks Run(
        IReadOnlyList<int?> widths,
        Func<PlannedTensor, MatrixReader> readerOf,
        Func<PlannedTensor, MatrixReader, int, LayerRequest> requestOf,
        CancellationToken cancellationToken)
    {
        Dictionary<string, PlannedTensor> byName = plan.Tensors.Where(t => widths[t.Index] is not null)
            .ToDictionary(t => t.Tensor.FullName, StringComparer.Ordinal);
        PlannedTensor[] layers = [.. plan.Runner!.ForwardOrder.Distinct(StringComparer.Ordinal)
            .Select(name => byName.GetValueOrDefault(name)).OfType<PlannedTensor>()];
        long bytes = layers.Sum(t => plan.Size.Of(t.View, widths[t.Index]!.Value) + t.Tensor.Shape.ElementCount * sizeof(float));
        var blocks = new SequentialBlocks(budget.Charge(bytes, "quantized layers of sequential calibration"));
        try
        {
            foreach (PlannedTensor layer in layers)
            {
                MatrixReader reader = readerOf(layer);
                LayerRequest request = requestOf(layer, reader, widths[layer.Index]!.Value) with
                {
                    Calibration = () => _calibration.Load(layer.Tensor.FullName, layer.View.Columns, _replaced, cancellationToken),
                };
                Quantize(layer, reader, request, blocks, cancellationToken);
            }

            return blocks;
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    private void Quantize(
        PlannedTensor layer, MatrixReader reader, LayerRequest request, SequentialBlocks blocks, CancellationToken cancellationToken)
    {
        using var job = new LayerJob(reader, request, times);
        TensorInfo tensor = layer.Tensor;
        int rowsPerBlock = BlockPlan.RowsPerBlock(layer.View, tensor.ElementType, request.BitWidth, tensor.FullName);
        (long RowStart, int RowCount)[] parts = [.. BlockPlan.Blocks(layer.View, rowsPerBlock)];
        var finished = new QuantizedRows[parts.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        var pool = new BlockPool();
        PreparedLayer prepared = job.Prepared;
        Parallel.For(
            0, parts.Length, options, () => new BlockBuffers(),
            (i, _, buffers) =>
            {
                finished[i] = job.Quantize(parts[i].RowStart, parts[i].RowCount, buffers, pool);
                return buffers;
            },
            buffers => buffers.Dispose());

        // What is needed to write the blocks; Hessian and rows are let go.
        PreparedLayer choices = prepared with { Hessian = null, Retarget = null, Correction = null, ColumnWeights = [], Held = [] };
        float[] decoded = new float[tensor.Shape.ElementCount];
        List<float> shifts = [];
        foreach (QuantizedRows rows in finished)
        {
            QuantizedBlock block = rows.Block;
            BlockDecoder.Decode(
                kernels, block, 0, block.RowCount,
                decoded.AsSpan((int)(block.RowStart * layer.View.Columns), block.RowCount * request.Columns));
            shifts.AddRange(rows.Measures.Shifts);
            blocks.Add(tensor.FullName, new FinishedBlock(choices, block, rows.Measures));
        }

        _replaced[tensor.FullName] = layer.View.RowAxis == 0 ? decoded : ArtefactReader.RestoreShape(decoded, tensor.Shape);
        if (shifts.Count > 0) ReplaceBias(plan.Tensors[plan.BiasOf[layer.Index]].Tensor, [.. shifts]);
    }

    private void ReplaceBias(TensorInfo bias, float[] shifts)
    {
        byte[] bytes = new byte[bias.ByteLength];
        plan.Source.Read(bias, 0, bytes);
        BiasCorrection.Apply(bytes, bias.ElementType, shifts);
        float[] values = new float[shifts.Length];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(bias.ElementType), bytes, values);
        _replaced[bias.FullName] = values;
    }
}
