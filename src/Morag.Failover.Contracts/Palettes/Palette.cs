namespace Morag.Failover.Contracts.Palettes;

/// <summary>
/// A set of commands of the command line as the node serves it at <c>GET /api/v1/palettes</c>. The client builds its
/// commands from it, so that it never disagrees with the node that it talks to.
/// </summary>
public sealed record Palette
{
    /// <summary>The first word of its commands, such as <c>task</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for, in one line of help.</summary>
    public required string Summary { get; init; }

    /// <summary>Its commands.</summary>
    public required ImmutableArray<PaletteCommand> Commands { get; init; }
}

/// <summary>One command: which call it makes, what the user gives to it, and how the answer is shown.</summary>
public sealed record PaletteCommand
{
    /// <summary>Its word, such as <c>list</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in one line of help.</summary>
    public required string Summary { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path of the call from the node's root; <c>{name}</c> stands for the escaped value of that parameter.</summary>
    public required string Path { get; init; }

    /// <summary>What is given by position, in order.</summary>
    public ImmutableArray<PaletteParameter> Arguments { get; init; } = [];

    /// <summary>What is given by <c>--name</c>, in the order of the help.</summary>
    public ImmutableArray<PaletteParameter> Options { get; init; } = [];

    /// <summary>Fields of the body that the command itself settles, by their path.</summary>
    public ImmutableSortedDictionary<string, string> FixedFields { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Objects of the body that are sent also where nothing is given for them, by their names.</summary>
    public ImmutableArray<string> Objects { get; init; } = [];

    /// <summary>How the answer is shown to people.</summary>
    public PaletteView View { get; init; } = PaletteView.Table;

    /// <summary>The part of the answer that is shown, by its path; null means the whole.</summary>
    public string? Select { get; init; }

    /// <summary>
    /// The field of the answer with a remark that is printed on the error stream, by its path; null means that there is none.
    /// </summary>
    public string? Remark { get; init; }

    /// <summary>The columns of a table, or the lines of a record; empty means every plain field of the answer.</summary>
    public ImmutableArray<PaletteColumn> Columns { get; init; } = [];

    /// <summary>
    /// The question asked before the call is made; null asks nothing. <c>--yes</c> answers it, and a dry run
    /// (<see cref="PaletteParameter.IsDryRun"/>) does not ask it.
    /// </summary>
    public string? Confirm { get; init; }

    /// <summary>Whether the answer is a list in pages, which the client follows up to <c>--limit</c>.</summary>
    public bool Paged { get; init; }
}

/// <summary>Something that the user gives to a command.</summary>
public sealed record PaletteParameter
{
    /// <summary>Its name on the command line, without dashes in front.</summary>
    public required string Name { get; init; }

    /// <summary>What it means, in one line of help.</summary>
    public required string Help { get; init; }

    /// <summary>Where in the call it goes.</summary>
    public required ParameterPlace In { get; init; }

    /// <summary>
    /// Its name in the query, or its path in the body (<c>filter.queue</c>); null means <see cref="Name"/> in snake_case.
    /// </summary>
    public string? Field { get; init; }

    /// <summary>What may be given.</summary>
    public ParameterType Type { get; init; } = ParameterType.Text;

    /// <summary>Whether the command is refused without it.</summary>
    public bool Required { get; init; }

    /// <summary>The values that are allowed; empty means any.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>
    /// The most bytes of the value in UTF-8: of a <see cref="ParameterType.Text"/> as it is given, of any other type as compact JSON. Null
    /// sets no limit.
    /// </summary>
    public int? MaxBytes { get; init; }

    /// <summary>The least that a number may be; null means no bound.</summary>
    public double? Least { get; init; }

    /// <summary>The most that a number may be; null means no bound.</summary>
    public double? Most { get; init; }

    /// <summary>Whether the command changes nothing once this is given. The client then asks for no confirmation.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether a dry run does without it although it is <see cref="Required"/>.</summary>
    public bool OptionalInDryRun { get; init; }
}

/// <summary>Where a parameter goes.</summary>
public enum ParameterPlace
{
    /// <summary>Into the path.</summary>
    Path = 0,

    /// <summary>Into the query.</summary>
    Query = 1,

    /// <summary>Into the JSON body.</summary>
    Body = 2,
}

/// <summary>What may be given for a parameter, and what is sent for it.</summary>
public enum ParameterType
{
    /// <summary>Any text, sent as it is.</summary>
    Text = 0,

    /// <summary>A whole number.</summary>
    WholeNumber = 1,

    /// <summary>A number.</summary>
    Number = 2,

    /// <summary>Given or not; sent as true.</summary>
    Flag = 3,

    /// <summary>A JSON value; <c>-</c> reads it from the standard input and <c>@FILE</c> from a file.</summary>
    Json = 4,

    /// <summary>Texts separated by commas, sent as an array.</summary>
    List = 5,

    /// <summary>A moment: ISO-8601, or an age such as <c>30m</c>, <c>24h</c>, <c>7d</c> that is counted back from now.</summary>
    Moment = 6,

    /// <summary>
    /// A text that may be large: <c>-</c> reads it from the standard input, <c>@FILE</c> from a file, and <c>@@</c> stands
    /// for a text that begins with <c>@</c>.
    /// </summary>
    LargeText = 7,
}

/// <summary>How an answer is shown to people.</summary>
public enum PaletteView
{
    /// <summary>A list as a table.</summary>
    Table = 0,

    /// <summary>An object as lines of name and value.</summary>
    Record = 1,

    /// <summary>The history of a task's decisions, as sentences.</summary>
    Explain = 2,

    /// <summary>The value alone, as it is: a text without quotes.</summary>
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

/// <summary>How a value is written for people.</summary>
public enum ColumnFormat
{
    /// <summary>As it is.</summary>
    Text = 0,

    /// <summary>A fraction as percent.</summary>
    Percent = 1,

    /// <summary>A moment, to the second.</summary>
    Time = 2,

    /// <summary>A number with at most two decimals.</summary>
    TwoDecimals = 3,

    /// <summary>A list as one line for each item.</summary>
    Lines = 4,
}
