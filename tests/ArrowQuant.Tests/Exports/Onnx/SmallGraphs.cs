using ArrowQuant.TestKit;
using Google.Protobuf;
using Onnx;

namespace ArrowQuant.Tests.Exports.Onnx;

/// <summary>Builds graphs of one or few operations with seeded weights.</summary>
internal sealed class SmallGraphs
{
    private readonly SeededRandom _random = new(17);
    private readonly GraphProto _graph = new() { Name = "small" };

    public SmallGraphs Input(string name, params long[] shape)
    {
        _graph.Input.Add(Value(name, shape));
        return this;
    }

    public SmallGraphs Output(string name)
    {
        _graph.Output.Add(new ValueInfoProto { Name = name });
        return this;
    }

    public SmallGraphs Weight(string name, params long[] shape)
    {
        float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(0.05 * _random.NextGaussian());
        byte[] bytes = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        TensorProto tensor = new() { Name = name, DataType = 1, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return this;
    }

    public SmallGraphs Node(string type, string output, string[] inputs, params (string Name, object Value)[] attributes)
    {
        NodeProto node = new() { OpType = type, Name = output + "_node" };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        foreach ((string name, object value) in attributes) node.Attribute.Add(Attribute(name, value));
        _graph.Node.Add(node);
        return this;
    }

    public ModelProto Build(int version = 17)
    {
        ModelProto model = new() { IrVersion = 8, Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = version });
        return model;
    }

    private static AttributeProto Attribute(string name, object value)
    {
        AttributeProto attribute = new() { Name = name };
        switch (value)
        {
            case float number: (attribute.F, attribute.Type) = (number, AttributeProto.Types.AttributeType.Float); break;
            case int integer: (attribute.I, attribute.Type) = (integer, AttributeProto.Types.AttributeType.Int); break;
            case long[] list:
                attribute.Ints.AddRange(list);
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                break;
        }

        return attribute;
    }

    private static ValueInfoProto Value(string name, long[] shape)
    {
        TensorShapeProto dimensions = new();
        foreach (long size in shape) dimensions.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = dimensions } },
        };
    }
}
