using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Architecture;

/// <summary>The text files of the repository, without what builds and tools leave behind.</summary>
internal static class RepositoryText
{
    private static readonly string[] LeftBehind =
        ["bin", "obj", "artifacts", "out", "TestResults", "BenchmarkDotNet.Artifacts", ".git", ".vs", ".idea"];
    private static readonly string[] Binary = [".safetensors", ".parquet", ".onnx", ".png", ".bin", ".swp"];

    /// <summary>Every text file: its path from the root with forward slashes, and its bytes.</summary>
    public static IReadOnlyList<(string Path, byte[] Bytes)> All { get; } = [.. Find(RepositoryPaths.Root)];

    /// <summary>The C# files under a folder: path and text.</summary>
    public static IEnumerable<(string Path, string Text)> Sources(string folder) => All
        .Where(file => file.Path.StartsWith(folder + "/", StringComparison.Ordinal) && file.Path.EndsWith(".cs", StringComparison.Ordinal))
        .Select(file => (file.Path, System.Text.Encoding.UTF8.GetString(file.Bytes)));

    private static IEnumerable<(string Path, byte[] Bytes)> Find(string folder)
    {
        foreach (string child in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            if (LeftBehind.Contains(System.IO.Path.GetFileName(child))) continue;
            foreach ((string Path, byte[] Bytes) file in Find(child)) yield return file;
        }

        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (Binary.Contains(System.IO.Path.GetExtension(file))) continue;
            yield return (System.IO.Path.GetRelativePath(RepositoryPaths.Root, file).Replace('\\', '/'), File.ReadAllBytes(file));
        }
    }
}
