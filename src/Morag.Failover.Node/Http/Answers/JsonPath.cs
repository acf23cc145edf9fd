namespace Morag.Failover.Node.Http.Answers;

/// <summary>JSON paths of fields in problem details, such as <c>registration.hardware.cpu_cores</c> and <c>[3].queue</c>.</summary>
internal static class JsonPath
{
    public static string Join(string at, string field) => at.Length == 0 ? field : $"{at}.{field}";

    public static string Item(string at, int index) => $"{at}[{index}]";

    /// <summary>Removes the leading <c>$</c> that System.Text.Json writes; null for the whole body.</summary>
    public static string? Relative(string? path) => path switch
    {
        null or "$" => null,
        _ when path.StartsWith("$.", StringComparison.Ordinal) => path[2..],
        _ when path.StartsWith('$') => path[1..],
        _ => path,
    };
}
