using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>
/// Reads the structure of an ONNX file (onnx.proto, https://onnx.ai/onnx/repo-docs/IR.html). Every count is bounded, so that a small file
/// cannot ask for much memory.
/// </summary>
internal sealed class OnnxGraphReader
{
    private const int ItemLimit = 1 << 20;
    private const int NameLimit = 1 << 22;
    private const int RankLimit = 32;
    private const int NestingLimit = 32;
    private const int IntegerLimit = 1024;

    private readonly WireFile _file;
    private int _items;
    private int _names;

    private OnnxGraphReader(WireFile file) => _file = file;

    /// <summary>Reads the structure.</summary>
    /// <exception cref="ModelFormatException">The file is no ONNX model, or is corrupt.</exception>
    public static OnnxGraph Read(WireFile file) => new OnnxGraphReader(file).ReadModel();

    private OnnxGraph ReadModel()
    {
        long irVersion = 0;
        WireSpan? graph = null;
        Dictionary<string, long> sets = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach (WireField field in _file.FieldsOf(_file.All))
        {
            switch (field.Number)
            {
                case 1: irVersion = field.Signed; break;
                case 7 when graph is not null: throw Fault("has two graphs, expected one");
                case 7: graph = _file.Require(field); break;
                case 8: ReadOperatorSet(_file.Require(field), sets); break;
                case 14: ReadPair(_file.Require(field), metadata); break;
            }
        }

        if (graph is not { } span) throw Fault("has no graph; the file is truncated or not ONNX");
        if (irVersion < 1 || !sets.ContainsKey("")) throw Fault($"has ir_version {irVersion} and {sets.Count} operator sets, expected ONNX");
        return ReadGraph(span) with { IrVersion = irVersion, OperatorSets = sets, Metadata = metadata };
    }

    private void ReadOperatorSet(WireSpan message, Dictionary<string, long> sets)
    {
        Count(ref _items, ItemLimit, "operator sets");
        string domain = "";
        long version = 0;
        foreach (WireField field in _file.FieldsOf(message))
        {
            if (field.Number == 1) domain = Text(field);
            else if (field.Number == 2) version = field.Signed;
        }

        sets[domain == "ai.onnx" ? "" : domain] = version;
    }

    private OnnxGraph ReadGraph(WireSpan span)
    {
        List<OnnxNode> nodes = [];
        List<OnnxTensor> initializers = [];
        List<OnnxValue> inputs = [];
        List<OnnxValue> outputs = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (WireField field in _file.FieldsOf(span))
        {
            if (field.Number is 1 or 5 or 11 or 12) Count(ref _items, ItemLimit, "nodes, initializers, inputs and outputs");
            switch (field.Number)
            {
                case 1: nodes.Add(ReadNode(field, 0)); break;
                case 5:
                    OnnxTensor tensor = ReadTensor(field);
                    if (!names.Add(tensor.Name)) throw Fault($"initializer '{Printable.Of(tensor.Name)}' is there twice");
                    initializers.Add(tensor);
                    break;
                case 11: inputs.Add(ReadValue(field)); break;
                case 12: outputs.Add(ReadValue(field)); break;
            }
        }

        return new OnnxGraph
        {
            IrVersion = 0,
            OperatorSets = new Dictionary<string, long>(),
            Metadata = new Dictionary<string, string>(),
            Span = span,
            Nodes = nodes,
            Initializers = initializers,
            Inputs = inputs,
            Outputs = outputs,
        };
    }

    private OnnxNode ReadNode(WireField node, int depth)
    {
        List<string> inputs = [];
        List<string> outputs = [];
        List<string> inner = [];
        Dictionary<string, OnnxAttribute> attributes = new(StringComparer.Ordinal);
        string name = "", type = "", domain = "";
        foreach (WireField field in _file.FieldsOf(_file.Require(node)))
        {
            switch (field.Number)
            {
                case 1: inputs.Add(Text(field)); break;
                case 2: outputs.Add(Text(field)); break;
                case 3: name = Text(field); break;
                case 4: type = Text(field); break;
                case 5: ReadAttribute(_file.Require(field), attributes, inner, depth); break;
                case 7: domain = Text(field); break;
            }
        }

        return new OnnxNode
        {
            OpType = type,
            Domain = domain,
            Name = name,
            Inputs = inputs,
            Outputs = outputs,
            Attributes = attributes,
            InnerNames = inner,
            Whole = node.Whole,
        };
    }

    private void ReadAttribute(WireSpan message, Dictionary<string, OnnxAttribute> attributes, List<string> inner, int depth)
    {
        string name = "", text = "";
        float number = 0;
        long integer = 0;
        List<long> integers = [];
        foreach (WireField field in _file.FieldsOf(message))
        {
            switch (field.Number)
            {
                case 1: name = Text(field); break;
                case 2: number = field.Single; break;
                case 3: integer = field.Signed; break;
                case 4 when _file.Require(field).Length <= WireFile.TextLimit && name is "auto_pad": text = Text(field); break;
                case 6 or 11: ReadInnerGraph(_file.Require(field), inner, depth + 1); break;
                case 8:
                    foreach (ulong value in _file.NumbersOf(field, WireType.Varint))
                    {
                        // Longer lists are data of operators that are none of the layers.
                        if (integers.Count < IntegerLimit) integers.Add(unchecked((long)value));
                    }

                    break;
            }
        }

        attributes[name] = new OnnxAttribute(integer, number, text, integers);
    }

    // A graph inside a node sees the names of the graph around it.
    private void ReadInnerGraph(WireSpan message, List<string> inner, int depth)
    {
        if (depth > NestingLimit) throw Fault($"graphs are nested more than {NestingLimit} deep");
        foreach (WireField field in _file.FieldsOf(message))
        {
            if (field.Number == 1)
            {
                Count(ref _items, ItemLimit, "nodes, initializers, inputs and outputs");
                OnnxNode node = ReadNode(field, depth);
                inner.AddRange(node.Inputs);
                inner.AddRange(node.InnerNames);
            }
            else if (field.Number == 12)
            {
                inner.Add(ReadValue(field).Name);
            }
        }
    }

    private OnnxValue ReadValue(WireField value)
    {
        string name = "";
        int type = 0;
        List<long?>? dimensions = null;
        foreach (WireField field in _file.FieldsOf(_file.Require(value)))
        {
            if (field.Number == 1) name = Text(field);
            if (field.Number != 2) continue;
            foreach (WireField kind in _file.FieldsOf(_file.Require(field)).Where(kind => kind.Number == 1))
            {
                foreach (WireField tensor in _file.FieldsOf(_file.Require(kind)))
                {
                    if (tensor.Number == 1) type = Small(tensor);
                    else if (tensor.Number == 2) dimensions = ReadDimensions(_file.Require(tensor));
                }
            }
        }

        return new OnnxValue(name, type, dimensions, value.Whole);
    }

    private List<long?> ReadDimensions(WireSpan shape)
    {
        List<long?> dimensions = [];
        foreach (WireField field in _file.FieldsOf(shape).Where(field => field.Number == 1))
        {
            long? size = null;
            foreach (WireField dimension in _file.FieldsOf(_file.Require(field)))
            {
                if (dimension.Number == 1 && dimension.Signed > 0) size = dimension.Signed;
            }

            if (dimensions.Count == RankLimit) throw Fault($"a value has more than {RankLimit} dimensions");
            dimensions.Add(size);
        }

        return dimensions;
    }

    private OnnxTensor ReadTensor(WireField initializer)
    {
        List<long> dimensions = [];
        List<WireField> numbers = [];
        Dictionary<string, string> external = new(StringComparer.Ordinal);
        string name = "";
        int type = 0;
        bool isExternal = false;
        WireSpan? raw = null;
        foreach (WireField field in _file.FieldsOf(_file.Require(initializer)))
        {
            switch (field.Number)
            {
                case 1:
                    foreach (ulong size in _file.NumbersOf(field, WireType.Varint))
                    {
                        if (dimensions.Count == RankLimit) throw Fault($"has more than {RankLimit} dimensions", name);
                        dimensions.Add(unchecked((long)size));
                    }

                    break;
                case 2: type = Small(field); break;
                case 3: throw Fault("is cut into segments, which are not read", name);
                case 4 or 5 or 7 or 10 or 11:
                    Count(ref _items, ItemLimit, "numbers outside raw_data and packed fields");
                    numbers.Add(field);
                    break;
                case 8: name = Text(field); break;
                case 9: raw = _file.Require(field); break;
                case 13: ReadPair(_file.Require(field), external); break;
                case 14: isExternal = field.Value == 1; break;
            }
        }

        if (dimensions.Exists(size => size < 0))
            throw Fault($"has the shape [{string.Join(", ", dimensions)}], expected dimensions of 0 or more", name);
        return new OnnxTensor
        {
            Name = name,
            Shape = ShapeOf(dimensions, name),
            DataType = type,
            Raw = isExternal ? null : raw,
            External = isExternal ? external : null,
            Numbers = numbers,
            Whole = initializer.Whole,
        };
    }

    private TensorShape ShapeOf(List<long> dimensions, string name)
    {
        try
        {
            return new TensorShape([.. dimensions]);
        }
        catch (OverflowException e)
        {
            throw ModelFault.Of(
                _file.Path, $"the shape [{string.Join(", ", dimensions)}] has more elements than 63 bits can count", name, e);
        }
    }

    private void ReadPair(WireSpan message, Dictionary<string, string> pairs)
    {
        Count(ref _items, ItemLimit, "entries of metadata");
        string key = "", value = "";
        foreach (WireField field in _file.FieldsOf(message))
        {
            if (field.Number == 1) key = Text(field);
            else if (field.Number == 2 && _file.Require(field).Length <= WireFile.TextLimit) value = Text(field);
        }

        pairs[key] = value;
    }

    private string Text(WireField field)
    {
        Count(ref _names, NameLimit, "names");
        return _file.TextOf(field);
    }

    // Enumerations and small numbers; a larger one is none that is known.
    private static int Small(WireField field) => field.Value <= int.MaxValue ? (int)field.Value : -1;

    private void Count(ref int counter, int limit, string what)
    {
        if (++counter > limit) throw Fault($"has more than {limit} {what}");
    }

    private ModelFormatException Fault(string what, string? tensor = null) => ModelFault.Of(_file.Path, what, tensor);
}
