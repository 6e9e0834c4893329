namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>A reader that is given changed files. Owns the folder in which the files lie.</summary>
/// <param name="name">The reader, as the command line names it.</param>
/// <param name="folder">The folder; disposed with the target.</param>
/// <param name="fileName">The file in it that is changed.</param>
/// <param name="seeds">Valid contents of the file; of several that are read alike.</param>
/// <param name="read">Reads the file with this path and all that it leads to.</param>
public sealed class FuzzTarget(string name, TempFolder folder, string fileName, IReadOnlyList<FuzzSeed> seeds, Action<string> read)
    : IDisposable
{
    private const ulong InputStep = 0xD1342543DE82EF95;

    private readonly string _path = folder.PathOf(fileName);
    private IDisposable? _owned;

    /// <summary>The reader.</summary>
    public string Name { get; } = name;

    /// <summary>The valid contents.</summary>
    public IReadOnlyList<FuzzSeed> Seeds { get; } = seeds;

    /// <summary>The input of a number; a function of the seed and the number alone.</summary>
    public byte[] Input(ulong seed, long number)
    {
        SeededRandom random = new(seed + ((ulong)number * InputStep));
        FuzzSeed valid = Seeds[random.NextInteger(Seeds.Count)];
        FuzzSeed other = Seeds[random.NextInteger(Seeds.Count)];
        int part = random.NextInteger(valid.Parts.Length + 1);
        if (part == valid.Parts.Length) return ByteMutator.Mutate(random, valid.Content, other.Content);
        byte[][] parts = [.. valid.Parts];
        parts[part] = ByteMutator.Mutate(random, parts[part], other.Parts[part]);
        return valid.Compose(parts);
    }

    /// <summary>Puts the content in its place and reads it.</summary>
    public void Read(byte[] content)
    {
        File.WriteAllBytes(_path, content);
        read(_path);
    }

    /// <summary>Leaves something that the reader uses to be disposed with the target.</summary>
    public void Owns(IDisposable resource) => _owned = resource;

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned?.Dispose();
        folder.Dispose();
    }
}
