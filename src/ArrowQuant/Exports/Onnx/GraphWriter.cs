using System.Globalization;
using ArrowQuant.Sources.Onnx;

namespace ArrowQuant.Exports.Onnx;

/// <summary>Writes an edited graph: what is not edited is copied byte for byte.</summary>
internal sealed class GraphWriter
{
    /// <summary>The model file in the export's folder.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>The file with values outside the model file.</summary>
    public const string DataFile = "model.onnx.data";

    // A protobuf message ends at 2 GiB; the rest of the graph is small.
    public const long InlineLimit = 1_900_000_000;

    private const int SmallTensor = 1024;
    private const int DataAlignment = 64;
    private const int CopyBytes = 1 << 20;
    private const string ContribDomain = "com.microsoft";

    private readonly OnnxSource _source;
    private readonly GraphEdit _edit;
    private readonly CancellationToken _cancellation;
    private readonly bool _isExternal;
    private readonly List<NewTensor> _outside = [];
    private long _outsideBytes;

    private GraphWriter(OnnxSource source, GraphEdit edit, long inlineLimit, CancellationToken cancellation)
    {
        _source = source;
        _edit = edit;
        _cancellation = cancellation;
        long bytes = edit.Initializers.Values.SelectMany(tensors => tensors).Sum(tensor => tensor.ByteLength)
            + source.Tensors.Sum(tensor => tensor.ByteLength);
        _isExternal = bytes > inlineLimit;
    }

    /// <summary>Writes the model, and a data file when the values do not fit in it.</summary>
    /// <param name="source">The original model.</param>
    /// <param name="edit">What changes.</param>
    /// <param name="folder">The folder to write into.</param>
    /// <param name="inlineLimit">Bytes of values that the model file may hold.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static void Write(OnnxSource source, GraphEdit edit, string folder, long inlineLimit, CancellationToken cancellation) =>
        new GraphWriter(source, edit, inlineLimit, cancellation).Write(folder);

    private void Write(string folder)
    {
        List<Segment> graph = [.. GraphSegments()];
        using (FileStream file = File.Create(Path.Combine(folder, ModelFile)))
        {
            foreach (WireField field in _source.File.FieldsOf(_source.File.All))
            {
                if (field.Number != 7)
                {
                    Copy(field.Whole, file);
                    continue;
                }

                file.Write(new WireMessage().Header(7, graph.Sum(segment => segment.Length)).ToArray());
                foreach (Segment segment in graph) Write(segment, file);
            }

            if (_edit.NeedsContribOperators && !_source.Graph.OperatorSets.ContainsKey(ContribDomain))
                file.Write(new WireMessage().Message(8, new WireMessage().Text(1, ContribDomain).Integer(2, 1)).ToArray());
        }

        if (_outside.Count == 0) return;
        using FileStream data = File.Create(Path.Combine(folder, DataFile));
        foreach (NewTensor tensor in _outside)
        {
            data.Write(new byte[Padding(data.Position)]);
            Write(tensor, data);
        }
    }

    private IEnumerable<Segment> GraphSegments()
    {
        OnnxGraph graph = _source.Graph;
        int node = 0;
        int initializer = 0;
        int input = 0;
        foreach (NodeMessage decoder in _edit.Decoders) yield return new Segment(decoder.ToField());
        foreach (NewTensor table in _edit.Shared.Values) yield return Of(table);
        foreach (WireField field in _source.File.FieldsOf(graph.Span))
        {
            switch (field.Number)
            {
                case 1 when _edit.Nodes.TryGetValue(graph.Nodes[node++], out IReadOnlyList<NodeMessage>? nodes):
                    foreach (NodeMessage added in nodes) yield return new Segment(added.ToField());
                    break;
                case 5:
                    foreach (Segment segment in SegmentsOf(initializer++)) yield return segment;
                    break;
                // A weight that is computed now, or gone, is no input that a caller could give.
                case 11 when _edit.Initializers.ContainsKey(graph.Inputs[input++].Name):
                    break;
                default:
                    yield return new Segment([], field.Whole);
                    break;
            }
        }
    }

    private IEnumerable<Segment> SegmentsOf(int initializer)
    {
        OnnxLayer layer = _source.Layers[initializer];
        OnnxTensor tensor = layer.Tensor;
        if (_edit.Initializers.TryGetValue(tensor.Name, out IReadOnlyList<NewTensor>? replaced)) return replaced.Select(Of);
        // Values in the file stay as they are written; those beside it would not be found beside the export.
        bool isMoved = tensor.External is not null || (_isExternal && tensor.ElementType is not null && tensor.Raw is not null);
        return [isMoved ? Of(Kept(layer)) : new Segment([], tensor.Whole)];
    }

    private NewTensor Kept(OnnxLayer layer)
    {
        Tensors.TensorInfo info = _source.Tensors.First(tensor => tensor.Name == layer.Name);
        return new NewTensor(layer.Tensor.Name, layer.Tensor.DataType, layer.Tensor.Shape.Dimensions, info.ByteLength, Pieces);

        IEnumerable<ReadOnlyMemory<byte>> Pieces()
        {
            byte[] buffer = new byte[Math.Min(CopyBytes, info.ByteLength)];
            for (long at = 0; at < info.ByteLength; at += buffer.Length)
            {
                int count = (int)Math.Min(buffer.Length, info.ByteLength - at);
                _source.Read(info, at, buffer.AsSpan(0, count));
                yield return buffer.AsMemory(0, count);
            }
        }
    }

    private Segment Of(NewTensor tensor)
    {
        var message = new WireMessage();
        foreach (long size in tensor.Dimensions) message.Integer(1, size);
        message.Integer(2, tensor.DataType).Text(8, tensor.Name);
        if (_isExternal && tensor.ByteLength >= SmallTensor)
        {
            long offset = _outsideBytes + Padding(_outsideBytes);
            _outside.Add(tensor);
            _outsideBytes = offset + tensor.ByteLength;
            Entry("location", DataFile);
            Entry("offset", offset.ToString(CultureInfo.InvariantCulture));
            Entry("length", tensor.ByteLength.ToString(CultureInfo.InvariantCulture));
            return new Segment(new WireMessage().Message(5, message.Integer(14, 1)).ToArray());
        }

        byte[] head = message.Header(9, tensor.ByteLength).ToArray();
        byte[] tag = new WireMessage().Header(5, head.Length + tensor.ByteLength).ToArray();
        return new Segment([.. tag, .. head], default, tensor);

        void Entry(string key, string value) => message.Message(13, new WireMessage().Text(1, key).Text(2, value));
    }

    private static long Padding(long position) => (DataAlignment - (position % DataAlignment)) % DataAlignment;

    private void Write(Segment segment, FileStream file)
    {
        file.Write(segment.Head);
        Copy(segment.Copied, file);
        if (segment.Tensor is { } tensor) Write(tensor, file);
    }

    private void Write(NewTensor tensor, FileStream file)
    {
        long written = 0;
        foreach (ReadOnlyMemory<byte> piece in tensor.Values())
        {
            _cancellation.ThrowIfCancellationRequested();
            file.Write(piece.Span);
            written += piece.Length;
        }

        if (written != tensor.ByteLength)
            throw new InvalidOperationException($"{tensor.Name} has {written} bytes, {tensor.ByteLength} were announced");
    }

    private void Copy(WireSpan span, FileStream file)
    {
        byte[] buffer = new byte[Math.Min(CopyBytes, span.Length)];
        for (long at = span.Offset; at < span.End; at += buffer.Length)
        {
            int count = (int)Math.Min(buffer.Length, span.End - at);
            _source.File.Read(at, buffer.AsSpan(0, count));
            file.Write(buffer.AsSpan(0, count));
        }
    }

    // Bytes of the graph: written ones, then copied ones, then the values of a tensor.
    private sealed record Segment(byte[] Head, WireSpan Copied = default, NewTensor? Tensor = null)
    {
        public long Length => Head.Length + Copied.Length + (Tensor?.ByteLength ?? 0);
    }
}
