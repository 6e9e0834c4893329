using System.CodeDom.Compiler;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ArrowQuant.Tests.Architecture;

/// <summary>The rules that a compiled type is judged by. Each yields one line per offence, with the type's full name.</summary>
internal static partial class TypeRules
{
    private const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The types of an assembly that people wrote.</summary>
    public static IEnumerable<Type> WrittenIn(Assembly assembly) => assembly.GetTypes().Where(type => !IsGenerated(type));

    /// <summary>No static field and no static property can change after the type was initialised.</summary>
    public static IEnumerable<string> StaticState(Type type) =>
        type.GetFields(AnyStatic)
            .Where(field => !field.IsInitOnly && !field.IsLiteral && !field.Name.StartsWith('<') && !IsGenerated(field))
            .Select(field => $"{type.FullName}: static field {field.Name} can change")
            .Concat(type.GetProperties(AnyStatic).Where(property => property.SetMethod is not null)
                .Select(property => $"{type.FullName}: static property {property.Name} has a setter"));

    /// <summary>No name says nothing.</summary>
    public static IEnumerable<string> Name(Type type) =>
        EmptyName().IsMatch(type.Name.Split('`')[0]) ? [$"{type.FullName}: the name says nothing; name it after what it does"] : [];

    /// <summary>A public class is sealed, static or abstract.</summary>
    public static IEnumerable<string> Openness(Type type) =>
        (type.IsPublic || type.IsNestedPublic) && type.IsClass && !type.IsSealed && !type.IsAbstract
            ? [$"{type.FullName}: a public class is sealed, static or abstract"]
            : [];

    private static bool IsGenerated(MemberInfo? member) =>
        member is not null
        && (member.IsDefined(typeof(CompilerGeneratedAttribute), false) || member.IsDefined(typeof(GeneratedCodeAttribute), false)
            || member.Name.StartsWith('<') || IsGenerated(member.DeclaringType));

    [GeneratedRegex("(Manager|Helper|Helpers|Util|Utils|Utilities|Impl|Base)$")]
    private static partial Regex EmptyName();
}
