using System.Runtime.InteropServices;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Onnx;

/// <summary>Puts the quantized layers of an artefact into a graph.</summary>
internal sealed class LayerRewriter(ArtefactReader artefact, GraphEdit edit)
{
    private const string ContribDomain = "com.microsoft";

    // GatherElements came with version 11 of the operators.
    private const int LeastDecodeVersion = 11;

    /// <summary>Writes one layer into the graph.</summary>
    public ExportedLayer Add(StoredLayer stored, OnnxLayer source)
    {
        // Codes whose meaning hangs on other rows, and weights behind a rotation, are decoded here.
        bool hasGroups = stored.Layout is CodeLayout.Affine or CodeLayout.Lattice2 or CodeLayout.Lattice3;
        if (!hasGroups || stored.Transform != ArtefactLayout.None) return AddFloat16(stored, source);
        var content = new LayerContent(artefact, stored);
        if (content.Format.Trellis is not null || content.Format.Rotation is not null) return AddFloat16(stored, source);
        if (CanMultiplyByCodes(stored, source, content)) return AddMatMulNBits(stored, source, content);
        long decoded = content.Rows * (content.RowBytes + sizeof(float) * (long)content.Groups * (IsAffine(content) ? 2 : 4));
        bool isSmaller = decoded < sizeof(ushort) * stored.Shape.ElementCount;
        return isSmaller && edit.Graph.OperatorSets[""] >= LeastDecodeVersion
            ? AddDecoder(stored, source, content)
            : AddFloat16(stored, source);
    }

    private static bool IsAffine(LayerContent content) => content.Format.Layout == CodeLayout.Affine;

    // The runtime takes zero points that are no codes at 2 and 4 bits, and float32 inputs with float32 scales.
    private static bool CanMultiplyByCodes(StoredLayer stored, OnnxLayer source, LayerContent content) =>
        IsAffine(content)
        && stored.SourceType == ElementType.F32
        && source.Nodes.All(node => IsPlainProduct(node, source.Tensor.Name))
        && (content.Format.BitWidth < 8 || content.HasWholeZeroPoints());

    private static bool IsPlainProduct(OnnxNode node, string weight)
    {
        if (node.Input(1) != weight) return false;
        if (node.OpType == "MatMul") return true;
        return node.OpType == "Gemm"
            && !OnnxLayers.IsTransposed(node, 0)
            && node.NumberOf("alpha", 1) == 1
            && node.NumberOf("beta", 1) == 1;
    }

    private ExportedLayer AddMatMulNBits(StoredLayer stored, OnnxLayer source, LayerContent content)
    {
        edit.NeedsContribOperators = true;
        string stem = source.Name;
        int bits = content.Format.BitWidth;
        long rows = content.Rows;
        string codes = edit.NewName($"{stem}_Q{bits}");
        string scales = edit.NewName($"{stem}_scales");
        string points = edit.NewName($"{stem}_zero_points");
        bool isPacked = content.HasWholeZeroPoints();
        List<NewTensor> tensors =
        [
            new(codes, OnnxTypes.UInt8, [rows, content.Groups, content.RowBytes / content.Groups], rows * content.RowBytes, content.Codes),
            new(scales, OnnxTypes.Float, [rows * content.Groups], sizeof(float) * rows * content.Groups, content.Scales),
            isPacked
                ? new(points, OnnxTypes.UInt8, [rows * content.PackedZeroPointBytes], rows * content.PackedZeroPointBytes,
                    content.PackedZeroPoints)
                : new(points, OnnxTypes.Float, [rows * content.Groups], sizeof(float) * rows * content.Groups, content.ZeroPoints),
        ];
        string equalization = AddFactors(content, stem, [stored.View.Columns], tensors);
        edit.Initializers.Add(source.Tensor.Name, tensors);
        foreach (OnnxNode node in source.Nodes)
            edit.Nodes.Add(node, [.. Product(node, stored, content, [codes, scales, points], equalization)]);
        return new(stored, source, LayerForm.MatMulNBits, codes, scales, points, equalization, content.GroupSize);
    }

    private IEnumerable<NodeMessage> Product(
        OnnxNode node, StoredLayer stored, LayerContent content, string[] weight, string equalization)
    {
        string input = node.Inputs[0];
        if (equalization.Length > 0)
        {
            string scaled = edit.NewName(node.Outputs[0] + "_equalized");
            yield return Node("Mul", scaled, [input, equalization], scaled);
            input = scaled;
        }

        string addend = node.OpType == "Gemm" ? node.Input(2) : "";
        string product = addend.Length == 0 ? node.Outputs[0] : edit.NewName(node.Outputs[0] + "_product");
        yield return new NodeMessage
        {
            OpType = "MatMulNBits",
            Domain = ContribDomain,
            Name = edit.NewName(node.Name.Length == 0 ? product + "_Q" : node.Name + "_Q"),
            Inputs = [input, .. weight],
            Output = product,
            Integers =
            [
                ("K", stored.View.Columns), ("N", content.Rows), ("bits", content.Format.BitWidth),
                ("block_size", content.GroupSize), ("accuracy_level", 0),
            ],
        };
        if (addend.Length > 0) yield return Node("Add", edit.NewName(node.Name + "_add"), [product, addend], node.Outputs[0]);
    }

    private ExportedLayer AddDecoder(StoredLayer stored, OnnxLayer source, LayerContent content)
    {
        string stem = source.Name;
        int bits = content.Format.BitWidth;
        long rows = content.Rows;
        long groups = content.Groups;
        string codes = edit.NewName($"{stem}_Q{bits}");
        List<NewTensor> tensors = [new(codes, OnnxTypes.UInt8, [rows, content.RowBytes], rows * content.RowBytes, content.Codes)];
        int numberType = IsAffine(content) ? OnnxTypes.Float : OnnxTypes.Int32;
        string value = Unpack(codes, stem, bits, numberType);
        string scales, points = "";
        if (IsAffine(content))
        {
            scales = edit.NewName($"{stem}_scales");
            points = edit.NewName($"{stem}_zero_points");
            long bytes = sizeof(float) * rows * groups;
            tensors.Add(new(scales, OnnxTypes.Float, [rows, groups, 1], bytes, content.Scales));
            tensors.Add(new(points, OnnxTypes.Float, [rows, groups, 1], bytes, content.ZeroPoints));
            value = Reshape(value, stem, [rows, groups, content.GroupSize], tensors);
            value = Decoder("Sub", stem, "centred", [value, points]);
            value = Decoder("Mul", stem, "scaled", [value, scales]);
        }
        else
        {
            scales = edit.NewName($"{stem}_levels");
            tensors.Add(new(scales, OnnxTypes.Float, [rows * groups, 4], sizeof(float) * 4 * rows * groups, content.LevelTables));
            value = Reshape(value, stem, [rows * groups, content.GroupSize], tensors);
            value = Decoder("GatherElements", stem, "levels_of_codes", [scales, value], ("axis", 1));
        }

        (value, string equalization) = Finish(value, stored, content, stem, tensors);
        Restore(value, stored, source, stem, tensors);
        edit.Initializers.Add(source.Tensor.Name, tensors);
        return new(stored, source, LayerForm.Decoded, codes, scales, points, equalization, content.GroupSize);
    }

    // Codes one by one: [rows, bytes] of packed codes are looked up in a table of what a byte holds.
    private string Unpack(string codes, string stem, int bits, int numberType)
    {
        if (bits == 8) return Decoder("Cast", stem, "codes", [codes], ("to", numberType));
        string indices = Decoder("Cast", stem, "bytes", [codes], ("to", OnnxTypes.Int32));
        string key = $"arrowquant_codes_{bits}_{numberType}";
        if (!edit.Shared.TryGetValue(key, out NewTensor? table))
            edit.Shared.Add(key, table = UnpackTable(edit.NewName(key), bits, numberType));
        return Decoder("Gather", stem, "codes", [table.Name, indices], ("axis", 0));
    }

    private static NewTensor UnpackTable(string name, int bits, int numberType)
    {
        int perByte = 8 / bits;
        int[] codes = new int[256 * perByte];
        for (int i = 0; i < codes.Length; i++) codes[i] = i / perByte >> (i % perByte * bits) & ((1 << bits) - 1);
        float[] numbers = numberType == OnnxTypes.Float
            ? Array.ConvertAll(codes, code => (float)code)
            : Array.ConvertAll(codes, BitConverter.Int32BitsToSingle);
        return NewTensor.Of(name, numberType, [256, perByte], WireMessage.ValuesOf(numbers));
    }

    // Columns beyond the last, which fill up its group, go; then the input channels get their factors back.
    private (string Value, string Equalization) Finish(
        string value, StoredLayer stored, LayerContent content, string stem, List<NewTensor> tensors)
    {
        long columns = stored.View.Columns;
        long filled = (long)content.Groups * content.GroupSize;
        bool isSliced = filled > columns;
        bool isEqualized = content.Format.EqualizationScales is not null;
        if (isSliced || isEqualized) value = Reshape(value, stem, [content.Rows, filled], tensors);
        if (isSliced)
        {
            string[] bounds = [.. new[] { 0L, columns, 1L }.Select(number => Constant(stem, "bound", [number], tensors))];
            value = Decoder("Slice", stem, "columns", [value, .. bounds]);
        }

        string equalization = AddFactors(content, stem, [columns], tensors);
        return (isEqualized ? Decoder("Mul", stem, "equalized", [value, equalization]) : value, equalization);
    }

    // From [rows, columns] back to the shape and type of the source, under the name that the graph knows.
    private void Restore(string value, StoredLayer stored, OnnxLayer source, string stem, List<NewTensor> tensors)
    {
        long[] shape = [.. stored.Shape.Dimensions];
        bool isCast = stored.SourceType != ElementType.F32;
        string weight = source.Tensor.Name;
        string shaped = stored.View.RowAxis == 0 && !isCast ? weight : edit.NewName($"{stem}_shaped");
        if (stored.View.RowAxis == 1)
        {
            long[] turned = [shape[1], shape[0], .. shape[2..]];
            string matrix = Reshape(value, stem, turned, tensors);
            long[] order = [1, 0, .. Enumerable.Range(2, shape.Length - 2).Select(axis => (long)axis)];
            string name = isCast ? shaped : weight;
            edit.Decoders.Add(Node("Transpose", edit.NewName($"{stem}_transpose"), [matrix], name) with { List = ("perm", order) });
            shaped = name;
        }
        else
        {
            string size = Constant(stem, "shape", shape, tensors);
            edit.Decoders.Add(Node("Reshape", edit.NewName($"{stem}_reshape"), [value, size], shaped));
        }

        if (isCast) AddCast(stem, shaped, weight, stored.SourceType);
    }

    private ExportedLayer AddFloat16(StoredLayer stored, OnnxLayer source)
    {
        string half = edit.NewName($"{source.Name}_F16");
        long bytes = sizeof(ushort) * stored.Shape.ElementCount;
        NewTensor tensor = new(half, OnnxTypes.Float16, stored.Shape.Dimensions, bytes, () =>
        {
            Half[] values = Array.ConvertAll(artefact.ReadLayer(stored.FullName), value => (Half)value);
            return [MemoryMarshal.AsBytes<Half>(values).ToArray()];
        });
        edit.Initializers.Add(source.Tensor.Name, [tensor]);
        AddCast(source.Name, half, source.Tensor.Name, stored.SourceType);
        return new(stored, source, LayerForm.Float16, half);
    }

    private void AddCast(string stem, string value, string output, ElementType type) =>
        edit.Decoders.Add(Node("Cast", edit.NewName($"{stem}_cast"), [value], output, ("to", OnnxTypes.NumberOf(type))));

    private string AddFactors(LayerContent content, string stem, long[] shape, List<NewTensor> tensors)
    {
        if (content.ColumnFactors() is not { } factors) return "";
        string name = edit.NewName($"{stem}_equalization");
        tensors.Add(NewTensor.Of(name, OnnxTypes.Float, shape, WireMessage.ValuesOf(factors)));
        return name;
    }

    private string Constant(string stem, string what, long[] values, List<NewTensor> tensors)
    {
        string name = edit.NewName($"{stem}_{what}");
        tensors.Add(NewTensor.Of(name, OnnxTypes.Int64, [values.Length], WireMessage.ValuesOf(values)));
        return name;
    }

    private string Reshape(string value, string stem, long[] shape, List<NewTensor> tensors) =>
        Decoder("Reshape", stem, "grouped", [value, Constant(stem, "groups", shape, tensors)]);

    private string Decoder(string type, string stem, string what, string[] inputs, params (string Name, long Value)[] attributes)
    {
        string output = edit.NewName($"{stem}_{what}");
        edit.Decoders.Add(Node(type, output, inputs, output, attributes));
        return output;
    }

    private static NodeMessage Node(
        string type, string name, string[] inputs, string output, params (string Name, long Value)[] attributes) =>
        new() { OpType = type, Name = name, Inputs = inputs, Output = output, Integers = attributes };
}
