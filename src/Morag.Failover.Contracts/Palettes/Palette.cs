namespace Morag.Failover.Contracts.Palettes;

/// <summary>
/// A set of commands that the node serves at <c>GET /api/v1/palettes</c>. The command line builds its commands from it, so both always
/// agree.
/// </summary>
public sealed record Palette
{
    /// <summary>The first word of its commands, such as <c>task</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The summary, one line of help.</summary>
    public required string Summary { get; init; }

    /// <summary>Its commands.</summary>
    public required ImmutableArray<PaletteCommand> Commands { get; init; }
}

/// <summary>One command: its HTTP call, its arguments and options, and how the response is shown.</summary>
public sealed record PaletteCommand
{
    /// <summary>Its word, such as <c>list</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The summary, one line of help.</summary>
    public required string Summary { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path of the call; <c>{name}</c> is replaced with the escaped value of that parameter.</summary>
    public required string Path { get; init; }

    /// <summary>The positional arguments, in order.</summary>
    public ImmutableArray<PaletteParameter> Arguments { get; init; } = [];

    /// <summary>The options (<c>--name</c>), in the order of the help.</summary>
    public ImmutableArray<PaletteParameter> Options { get; init; } = [];

    /// <summary>Fields of the body with fixed values, by path.</summary>
    public ImmutableSortedDictionary<string, string> FixedFields { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The names of objects in the body that are sent even if they are empty.</summary>
    public ImmutableArray<string> Objects { get; init; } = [];

    /// <summary>How the response is shown.</summary>
    public PaletteView View { get; init; } = PaletteView.Table;

    /// <summary>The path of the part of the response that is shown; null for all of it.</summary>
    public string? Select { get; init; }

    /// <summary>
    /// The path of the field in the response whose text is printed to standard error; null if there is none.
    /// </summary>
    public string? Remark { get; init; }

    /// <summary>The columns of a table or the lines of a record; empty for every scalar field of the response.</summary>
    public ImmutableArray<PaletteColumn> Columns { get; init; } = [];

    /// <summary>
    /// The confirmation prompt; null if no confirmation is needed. <c>--yes</c> confirms it, and a dry run
    /// (<see cref="PaletteParameter.IsDryRun"/>) skips it.
    /// </summary>
    public string? Confirm { get; init; }

    /// <summary>Whether the response is a paged list. The client follows the pages up to <c>--limit</c>.</summary>
    public bool Paged { get; init; }

    /// <summary>
    /// Whether the response is a stream of server-sent events. The client prints each as it arrives, and after a lost connection continues
    /// on any node, with the id of the last event in the header <c>Last-Event-ID</c>. An event named <c>end</c> ends the command. A column
    /// without a heading shows its value only; the others show their heading too.
    /// </summary>
    public bool Follow { get; init; }

    /// <summary>
    /// Whether the call has the same effect if it is carried out twice, so that another node may get it after a lost answer. Every GET has.
    /// </summary>
    public bool Repeatable { get; init; }
}

/// <summary>An argument or option of a command.</summary>
public sealed record PaletteParameter
{
    /// <summary>The name on the command line, without leading dashes.</summary>
    public required string Name { get; init; }

    /// <summary>The description, one line of help.</summary>
    public required string Help { get; init; }

    /// <summary>The part of the call that carries the value.</summary>
    public required ParameterPlace In { get; init; }

    /// <summary>
    /// The name in the query or the path in the body (<c>filter.queue</c>); null for <see cref="Name"/> in snake_case.
    /// </summary>
    public string? Field { get; init; }

    /// <summary>The type of the value.</summary>
    public ParameterType Type { get; init; } = ParameterType.Text;

    /// <summary>Whether the parameter is required.</summary>
    public bool Required { get; init; }

    /// <summary>The allowed values; empty for any value.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>
    /// The maximum size of the value in bytes of UTF-8: of the text itself for <see cref="ParameterType.Text"/>, of the compact JSON for
    /// any other type. Null for no limit.
    /// </summary>
    public int? MaxBytes { get; init; }

    /// <summary>The minimum of a number; null for no minimum.</summary>
    public double? Least { get; init; }

    /// <summary>The maximum of a number; null for no maximum.</summary>
    public double? Most { get; init; }

    /// <summary>
    /// Whether the value names a node. The client replaces <c>self</c> with the name of the node at the first address that it was given, so
    /// that a call which another node gets still means that one.
    /// </summary>
    public bool IsNode { get; init; }

    /// <summary>The value that is sent if the user gives none; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>Whether the client sends a new id if the user gives none, so that the call can be repeated.</summary>
    public bool Generated { get; init; }

    /// <summary>Whether this option makes the command a dry run, which needs no confirmation.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether a dry run does not need it although it is <see cref="Required"/>.</summary>
    public bool OptionalInDryRun { get; init; }
}

/// <summary>The part of the call that carries a parameter.</summary>
public enum ParameterPlace
{
    /// <summary>Into the path.</summary>
    Path = 0,

    /// <summary>Into the query.</summary>
    Query = 1,

    /// <summary>Into the JSON body.</summary>
    Body = 2,
}

/// <summary>The type of a parameter, and how its value is sent.</summary>
public enum ParameterType
{
    /// <summary>Any text, sent verbatim.</summary>
    Text = 0,

    /// <summary>A whole number.</summary>
    WholeNumber = 1,

    /// <summary>A number.</summary>
    Number = 2,

    /// <summary>A flag, sent as true if given.</summary>
    Flag = 3,

    /// <summary>A JSON value; <c>-</c> reads it from the standard input and <c>@FILE</c> from a file.</summary>
    Json = 4,

    /// <summary>Texts separated by commas, sent as an array.</summary>
    List = 5,

    /// <summary>A time: ISO-8601, or an age such as <c>30m</c>, <c>24h</c> or <c>7d</c> before now.</summary>
    Moment = 6,

    /// <summary>
    /// A text that can be large: <c>-</c> reads standard input, <c>@FILE</c> reads a file, and <c>@@</c> starts a text that begins with
    /// <c>@</c>.
    /// </summary>
    LargeText = 7,
}

/// <summary>How a response is shown.</summary>
public enum PaletteView
{
    /// <summary>A list as a table.</summary>
    Table = 0,

    /// <summary>An object as lines of name and value.</summary>
    Record = 1,

    /// <summary>The history of a task's decisions, as sentences.</summary>
    Explain = 2,

    /// <summary>The value only; a text is shown without quotes.</summary>
    Raw = 3,

    /// <summary>Nested objects with <c>name</c> and <c>children</c>, as a tree.</summary>
    Tree = 4,
}

/// <summary>One column of a table.</summary>
public sealed record PaletteColumn
{
    /// <summary>Its heading.</summary>
    public required string Header { get; init; }

    /// <summary>The field shown, by its path (<c>registration.name</c>).</summary>
    public required string Field { get; init; }

    /// <summary>How the value is written.</summary>
    public ColumnFormat Format { get; init; }
}

/// <summary>How a value is formatted.</summary>
public enum ColumnFormat
{
    /// <summary>Unformatted.</summary>
    Text = 0,

    /// <summary>A fraction as percent.</summary>
    Percent = 1,

    /// <summary>A time, to the second.</summary>
    Time = 2,

    /// <summary>A number with at most two decimals.</summary>
    TwoDecimals = 3,

    /// <summary>A list as one line for each item.</summary>
    Lines = 4,
}
