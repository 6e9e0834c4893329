using System.Reflection;

namespace ArrowQuant.Reporting;

/// <summary>Which library made a document or an artefact.</summary>
internal static class LibraryVersion
{
    /// <summary>The version of the package, without the commit: <c>1.2.3</c>, say.</summary>
    public static string Current { get; } =
        typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
