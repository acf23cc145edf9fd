using System.Reflection;
using System.Reflection.Emit;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.TestRules;

/// <summary>Finds the code that turns an enum's value into text by its .NET name.</summary>
internal static class EnumTexts
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>Each place as "type.method: enum". What the compiler writes for records (<c>PrintMembers</c>) is left out.</summary>
    public static IEnumerable<string> In(Assembly assembly) =>
        from type in assembly.GetTypes()
        where type != typeof(WireName)
        from method in type.GetMembers(Declared).OfType<MethodBase>()
        where method.Name != "PrintMembers"
        from found in In(method)
        select $"{type}.{method.Name}: {found}";

    private static IEnumerable<string> In(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[]? ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        var boxed = new List<Type>();
        for (var at = 0; at < code.Length;)
        {
            var operation = OpCodesByValue[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += operation.Size;
            if (operation == OpCodes.Box || operation == OpCodes.Constrained)
            {
                boxed.Add(method.Module.ResolveType(BitConverter.ToInt32(code, at), ofType, ofMethod));
            }
            else if (operation.OperandType == OperandType.InlineMethod)
            {
                var called = method.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType, ofMethod)!;
                if (called.Name == "AppendFormatted" && called.IsGenericMethod)
                {
                    boxed.Add(called.GetGenericArguments()[0]);
                }

                foreach (var name in boxed.Where(given => IsEnum(given) && MayBecomeText(called)))
                {
                    yield return name.ToString();
                }

                boxed.Clear();
            }

            at += OperandSize(operation, code, at);
        }
    }

    private static bool MayBecomeText(MethodBase called) =>
        called.DeclaringType != typeof(ArgumentOutOfRangeException)
        && called.Name is not (nameof(Enum.HasFlag) or nameof(GetHashCode) or nameof(Equals) or nameof(IComparable.CompareTo));

    private static bool IsEnum(Type type) => type.IsGenericParameter
        ? type.GetGenericParameterConstraints().Contains(typeof(Enum))
        : (Nullable.GetUnderlyingType(type) ?? type).IsEnum;

    private static int OperandSize(OpCode operation, byte[] code, int at) => operation.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };
}
