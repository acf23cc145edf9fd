using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Palettes;

/// <summary>Shorthands for defining palettes.</summary>
internal static class PaletteParts
{
    /// <summary>The reason of an operator's call about a node.</summary>
    public static PaletteParameter Reason => InBody("reason", "The reason, for the node's log and the audit") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    /// <summary>Ends a command that otherwise follows a stream.</summary>
    public static PaletteParameter Once => InQuery("once", "Print what there is, and end") with { Type = ParameterType.Flag };

    /// <summary>The tasks that an action changed. The command line says "would change" in a dry run.</summary>
    public static PaletteColumn[] AffectedTasks => [Column("changed", "count"), Column("tasks", "sample")];

    public static PaletteCommand Get(string name, string path, string summary) => Call("GET", name, path, summary);

    public static PaletteCommand Post(string name, string path, string summary) => Call("POST", name, path, summary);

    public static PaletteCommand Delete(string name, string path, string summary) => Call("DELETE", name, path, summary);

    public static PaletteParameter InPath(string name, string help) =>
        new() { Name = name, Help = help, In = ParameterPlace.Path, Required = true };

    public static PaletteParameter InQuery(string name, string help) => new() { Name = name, Help = help, In = ParameterPlace.Query };

    public static PaletteParameter InBody(string name, string help, ParameterType type = ParameterType.Text) =>
        new() { Name = name, Help = help, In = ParameterPlace.Body, Type = type };

    /// <summary>A number in the body, with the range that the call allows.</summary>
    public static PaletteParameter NumberInBody(string name, string help, double least, double most) =>
        InBody(name, help, ParameterType.Number) with { Least = least, Most = most };

    /// <summary>A whole number in the body, with the range that the call allows.</summary>
    public static PaletteParameter WholeInBody(string name, string help, long least, long? most) =>
        InBody(name, help, ParameterType.WholeNumber) with { Least = least, Most = most };

    public static PaletteColumn Column(string header, string field, ColumnFormat format = ColumnFormat.Text) =>
        new() { Header = header, Field = field, Format = format };

    /// <summary>The members of an enum as choices.</summary>
    public static PaletteParameter OneOf<TEnum>(this PaletteParameter parameter)
        where TEnum : struct, Enum =>
        parameter with { Choices = [.. WireName.All<TEnum>()] };

    private static PaletteCommand Call(string method, string name, string path, string summary) =>
        new() { Name = name, Summary = summary, Method = method, Path = "/api/v1" + path };
}
