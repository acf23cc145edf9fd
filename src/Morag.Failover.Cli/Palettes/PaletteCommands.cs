using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Builds commands from the palettes of a node.</summary>
/// <param name="globals">The options of every command.</param>
/// <param name="standardInput">Where values are read that are given as <c>-</c>.</param>
/// <param name="clock">The clock.</param>
/// <param name="names">The names that complete values; null if nothing is completed.</param>
internal sealed class PaletteCommands(GlobalOptions globals, Stream standardInput, TimeProvider clock, NameOffers? names = null)
{
    // All items are held in memory before the first is printed.
    private const int MaxLimit = 1_000_000;

    /// <summary>Adds the palettes to the root command. A palette with the name of an existing command extends it.</summary>
    public void AddTo(RootCommand root, IEnumerable<Palette> palettes)
    {
        foreach (var palette in palettes)
        {
            var group = root.Subcommands.FirstOrDefault(command => command.Name == palette.Name);
            if (group is null)
            {
                group = new Command(palette.Name, palette.Summary);
                root.Add(group);
            }

            foreach (var command in palette.Commands.Where(command => group.Subcommands.All(known => known.Name != command.Name)))
            {
                group.Add(Build(command));
            }
        }
    }

    private Command Build(PaletteCommand definition)
    {
        var command = new Command(definition.Name, definition.Summary);
        var readers = new List<(PaletteParameter Parameter, Func<ParseResult, string?> Read)>();
        foreach (var parameter in definition.Arguments)
        {
            var argument = new Argument<string>(parameter.Name)
            {
                Description = parameter.Help,
                Arity = parameter.Required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
            };
            Complete(argument.CompletionSources, definition, parameter);
            command.Add(argument);
            readers.Add((parameter, parsed => parsed.GetValue(argument)));
        }

        foreach (var parameter in definition.Options)
        {
            readers.Add((parameter, AddOption(command, definition, parameter)));
        }

        var limit = NumberOption.WithDefault("--limit", "Maximum number of items to list", CallLimits.DefaultPage, 1, MaxLimit);
        if (definition.Paged)
        {
            command.Add(limit);
        }

        var columns = new Option<string>("--columns")
        {
            Description =
                "The columns to show, comma-separated: headings of the table, fields of the JSON such as content_type, or of --filter",
        };
        if (definition.View == PaletteView.Table)
        {
            command.Add(columns);
        }

        var yes = new Option<bool>("--yes", "-y") { Description = "Skip the confirmation prompt" };
        if (definition.Confirm is not null)
        {
            command.Add(yes);
        }

        command.SetAction((parsed, cancellation) => RunAsync(
            definition,
            definition.View == PaletteView.Table ? ChosenColumns.Names(definition, parsed.GetValue(columns)) : null,
            readers.Select(reader => (reader.Parameter, reader.Read(parsed))),
            definition.Paged ? parsed.GetValue(limit) : CallLimits.DefaultPage,
            definition.Confirm is null || parsed.GetValue(yes),
            parsed,
            cancellation));
        return command;
    }

    private Func<ParseResult, string?> AddOption(Command command, PaletteCommand definition, PaletteParameter parameter)
    {
        var name = "--" + parameter.Name;
        if (parameter.Type == ParameterType.Flag)
        {
            var flag = new Option<bool>(name) { Description = parameter.Help };
            command.Add(flag);
            return parsed => parsed.GetValue(flag) ? "true" : null;
        }

        if (parameter.Type == ParameterType.List)
        {
            var list = new Option<string[]>(name) { Description = $"{parameter.Help} (repeatable)", Required = parameter.Required };
            list.CompletionSources.Add([.. parameter.Choices]);
            command.Add(list);
            return parsed => parsed.GetValue(list) is { Length: > 0 } texts ? string.Join(',', texts) : null;
        }

        var option = new Option<string>(name)
        {
            Description = parameter.Help,
            Required = parameter is { Required: true, OptionalInDryRun: false },
        };
        Complete(option.CompletionSources, definition, parameter);
        command.Add(option);
        return parsed => parsed.GetValue(option);
    }

    private void Complete(
        List<Func<CompletionContext, IEnumerable<CompletionItem>>> sources, PaletteCommand definition, PaletteParameter parameter)
    {
        sources.Add([.. parameter.Choices]);
        if (names is not null && NameSource.Of(definition, parameter) is { } source)
        {
            sources.Add(context => names.Of(source, context));
        }
    }

    private async Task<int> RunAsync(
        PaletteCommand definition,
        IReadOnlyList<string>? columns,
        IEnumerable<(PaletteParameter Parameter, string? Text)> given,
        int limit,
        bool confirmed,
        ParseResult parsed,
        CancellationToken cancellation)
    {
        var error = parsed.InvocationConfiguration.Error;
        if (globals.AsCsv(parsed) && (definition.View != PaletteView.Table || definition.Follow))
        {
            throw CommandFailure.Usage("--output csv is for lists. Use json for this command");
        }

        var reader = new ParameterValue(standardInput, clock);
        var values = new Dictionary<PaletteParameter, JsonNode>();
        var chosen = new HashSet<PaletteParameter>();
        foreach (var (parameter, text) in given)
        {
            if (text is not null && chosen.Add(parameter))
            {
                values[parameter] = reader.Read(parameter, Label(definition, parameter), text);
            }
            else if (parameter.Default is { } usual)
            {
                values[parameter] = reader.Read(parameter, Label(definition, parameter), usual);
            }
            else if (parameter.Generated)
            {
                values[parameter] = JsonValue.Create(Guid.NewGuid().ToString("N"));
            }
        }

        var isDryRun = values.Keys.Any(parameter => parameter.IsDryRun);
        if (!isDryRun)
        {
            RequireAll(definition, values);
        }

        using var node = globals.Connect(parsed);
        var self = await AskedNode.ReplaceAsync(values, chosen, node, () => globals.ConnectToFirst(parsed), cancellation);
        if (!isDryRun && !confirmed)
        {
            Confirm(self is null ? definition.Confirm! : $"{AskedNode.Self} is {self}. {definition.Confirm}", error, cancellation);
        }

        var call = PaletteCall.Build(definition, values);
        if (definition.Follow)
        {
            return await new FollowedStream(
                    node, ChosenColumns.Of(definition, columns, default), call, globals.AsJson(parsed), parsed.InvocationConfiguration)
                .RunAsync(cancellation);
        }

        return await AnswerReading.GuardAsync(node.Node, async () =>
        {
            var answer = await new PaletteClient(node).CallAsync(definition, call, limit, cancellation);
            await ShowAsync(isDryRun ? DryRunColumns.Of(definition) : definition, columns, answer, limit, parsed);
            return ExitCode.Ok;
        });
    }

    private async Task ShowAsync(
        PaletteCommand definition, IReadOnlyList<string>? columns, PaletteAnswer answer, int limit, ParseResult parsed)
    {
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var shown = definition.Select is { } selected ? Cell.At(answer.Value, selected) : answer.Value;
        if (shown is not { ValueKind: not JsonValueKind.Null } present)
        {
            var state = Cell.Text(Cell.At(answer.Value, "state"));
            throw new CommandFailure(ExitCode.NotFound, $"there is no {definition.Select} yet (state: {state})");
        }

        definition = ChosenColumns.Of(definition, columns, present);
        if (globals.AsJson(parsed))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(present, Wire.Indented));
        }
        else if (globals.AsCsv(parsed))
        {
            CsvView.Write(output, ChosenColumns.OfList(definition, present), present);
        }
        else
        {
            AnswerView.Write(output, definition, present);
        }

        if (definition.Remark is { } path && Cell.At(answer.Value, path) is { ValueKind: JsonValueKind.String } remark)
        {
            await error.WriteLineAsync(Cell.Text(remark));
        }

        if (answer.Missing is { } missing)
        {
            var why = definition.Path.EndsWith("/cluster/alerts", StringComparison.Ordinal) ? "" : ". \"morag cluster alerts\" says why";
            await error.WriteLineAsync(Cell.Safe($"incomplete: without {missing}{why}"));
        }

        if (answer.HasMore)
        {
            await error.WriteLineAsync($"showing the first {limit:N0}. Raise --limit or add a filter to see more");
        }
    }

    private static string Label(PaletteCommand definition, PaletteParameter parameter) =>
        definition.Arguments.Contains(parameter) ? $"<{parameter.Name}>" : $"--{parameter.Name}";

    private static void RequireAll(PaletteCommand definition, Dictionary<PaletteParameter, JsonNode> values)
    {
        if (definition.Options.FirstOrDefault(option => option.Required && !values.ContainsKey(option)) is { } missing)
        {
            var dryRun = definition.Options.First(option => option.IsDryRun);
            throw CommandFailure.Usage($"--{missing.Name} is required, except with --{dryRun.Name}");
        }
    }

    private static void Confirm(string question, TextWriter error, CancellationToken cancellation)
    {
        if (Console.IsInputRedirected)
        {
            throw CommandFailure.Usage("this command asks for confirmation. Add --yes to run it without a terminal");
        }

        if (!new TerminalQuestion(new Terminal(), error).IsConfirmed($"{Cell.Safe(question)} [y/N] ", cancellation))
        {
            throw CommandFailure.Usage("cancelled, nothing was changed");
        }
    }
}
