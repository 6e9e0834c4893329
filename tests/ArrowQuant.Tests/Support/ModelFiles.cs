using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Support;

/// <summary>A folder of model files under the system's temporary folder, deleted with everything in it at the end.</summary>
internal sealed class ModelFiles : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("arrowquant-").FullName;

    /// <summary>A valid file with one small weight.</summary>
    public static byte[] OneWeight(string name = "w.weight") => new SafeTensorsBuilder().Add(name, ElementType.F32, 2, 3).Build();

    public string PathOf(string name) => Path.Combine(Root, name);

    public string Write(string name, byte[] content)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Write(string name, string content = "{}") => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public string WriteWeights(string name, string tensor = "w.weight") => Write(name, OneWeight(tensor));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
