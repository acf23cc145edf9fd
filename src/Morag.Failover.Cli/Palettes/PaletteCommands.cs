using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Turns the palettes of a node into commands of the command line.</summary>
internal sealed class PaletteCommands(GlobalOptions globals, Stream standardInput, TimeProvider clock)
{
    // All of them are in memory before the first is shown.
    private const int MaxLimit = 1_000_000;

    /// <summary>Adds the commands to the root; a palette whose word is there already (<c>worker</c>) adds to that one.</summary>
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
            argument.CompletionSources.Add([.. parameter.Choices]);
            command.Add(argument);
            readers.Add((parameter, parsed => parsed.GetValue(argument)));
        }

        foreach (var parameter in definition.Options)
        {
            readers.Add((parameter, AddOption(command, parameter)));
        }

        var limit = NumberOption.WithDefault("--limit", "The most items to show", CallLimits.DefaultPage, 1, MaxLimit);
        if (definition.Paged)
        {
            command.Add(limit);
        }

        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        if (definition.Confirm is not null)
        {
            command.Add(yes);
        }

        command.SetAction((parsed, cancellation) => RunAsync(
            definition,
            readers.Select(reader => (reader.Parameter, reader.Read(parsed))),
            definition.Paged ? parsed.GetValue(limit) : CallLimits.DefaultPage,
            definition.Confirm is null || parsed.GetValue(yes),
            parsed,
            cancellation));
        return command;
    }

    private static Func<ParseResult, string?> AddOption(Command command, PaletteParameter parameter)
    {
        var name = "--" + parameter.Name;
        if (parameter.Type == ParameterType.Flag)
        {
            var flag = new Option<bool>(name) { Description = parameter.Help };
            command.Add(flag);
            return parsed => parsed.GetValue(flag) ? "true" : null;
        }

        var option = new Option<string>(name) { Description = parameter.Help, Required = parameter is { Required: true, OptionalInDryRun: false } };
        option.CompletionSources.Add([.. parameter.Choices]);
        command.Add(option);
        return parsed => parsed.GetValue(option);
    }

    private async Task<int> RunAsync(
        PaletteCommand definition,
        IEnumerable<(PaletteParameter Parameter, string? Text)> given,
        int limit,
        bool agreed,
        ParseResult parsed,
        CancellationToken cancellation)
    {
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var reader = new ParameterValue(standardInput, clock);
        var values = new Dictionary<PaletteParameter, JsonNode>();
        foreach (var (parameter, text) in given)
        {
            if (text is not null)
            {
                values[parameter] = reader.Read(parameter, Label(definition, parameter), text);
            }
        }

        var call = PaletteCall.Build(definition, values);
        if (!values.Keys.Any(parameter => parameter.IsDryRun))
        {
            RequireAll(definition, values);
            if (!agreed)
            {
                Confirm(definition.Confirm!, error);
            }
        }

        using var node = globals.Connect(parsed);
        var answer = await new PaletteClient(node).CallAsync(definition, call, limit, cancellation);
        var shown = definition.Select is { } path ? Cell.At(answer.Value, path) : answer.Value;
        if (shown is not { ValueKind: not JsonValueKind.Null } present)
        {
            throw new CommandFailure(ExitCode.NotFound, $"there is no {definition.Select} yet (state: {Cell.Text(Cell.At(answer.Value, "state"))})");
        }

        if (globals.AsJson(parsed))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(present, Wire.Indented));
        }
        else
        {
            AnswerView.Write(output, definition, present);
        }

        if (definition.Remark is { } remark && Cell.At(answer.Value, remark) is { ValueKind: JsonValueKind.String } said)
        {
            await error.WriteLineAsync(Cell.Text(said));
        }

        if (answer.HasMore)
        {
            await error.WriteLineAsync($"there are more than {limit}: raise --limit, or filter");
        }

        return ExitCode.Ok;
    }

    private static string Label(PaletteCommand definition, PaletteParameter parameter) =>
        definition.Arguments.Contains(parameter) ? $"<{parameter.Name}>" : $"--{parameter.Name}";

    private static void RequireAll(PaletteCommand definition, Dictionary<PaletteParameter, JsonNode> values)
    {
        if (definition.Options.FirstOrDefault(option => option.Required && !values.ContainsKey(option)) is { } missing)
        {
            throw CommandFailure.Usage($"--{missing.Name} is required; only --{definition.Options.First(option => option.IsDryRun).Name} does without it");
        }
    }

    private void Confirm(string question, TextWriter error)
    {
        if (Console.IsInputRedirected)
        {
            throw CommandFailure.Usage("this needs a confirmation: give --yes");
        }

        error.Write($"{question} [y/N] ");
        using var answers = new StreamReader(standardInput, leaveOpen: true);
        if (answers.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
        {
            throw CommandFailure.Usage("not done");
        }
    }
}
