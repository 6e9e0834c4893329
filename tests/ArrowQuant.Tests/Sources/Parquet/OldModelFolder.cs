using System.Runtime.InteropServices;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Sources.Parquet;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Sources.Parquet;

/// <summary>A temporary folder that a test fills with a model, and short ways to look at what opening it gives.</summary>
internal sealed class OldModelFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("arrowquant-parquet-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    public IModelSource Open(string? name = null) => ParquetModelSource.Open(name is null ? Path : File(name));

    public ModelFormatException Fails(string? name = null)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Open(name).Dispose());
        Assert.DoesNotContain('\n', e.Message);
        return e;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public static TensorInfo Tensor(IModelSource source, string name) => Assert.Single(source.Tensors, tensor => tensor.Name == name);

    public static byte[] Bytes(IModelSource source, string name)
    {
        TensorInfo tensor = Tensor(source, name);
        byte[] bytes = new byte[tensor.ByteLength];
        source.Read(tensor, 0, bytes);
        return bytes;
    }

    public static float[] Floats(IModelSource source, string name)
    {
        Assert.Equal(ElementType.F32, Tensor(source, name).ElementType);
        return MemoryMarshal.Cast<byte, float>(Bytes(source, name)).ToArray();
    }

    /// <summary>Weights that look like weights: a fixed sequence, spread over both signs.</summary>
    public static float[] Weights(int count, int seed = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (random.NextSingle() - 0.5f) * (1 + (i % 7));
        return values;
    }
}
