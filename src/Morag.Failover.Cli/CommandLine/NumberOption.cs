using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>Options whose value is a number in a range.</summary>
internal static class NumberOption
{
    /// <summary>An option with a default value.</summary>
    public static Option<T> WithDefault<T>(string name, string help, T standard, T least, T most)
        where T : struct, INumber<T>
    {
        var rule = new NumberRule<T>(least, most);
        return new Option<T>(name)
        {
            Description = $"{help} ({rule.Description})",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Read(result, name, rule) ?? standard,
        };
    }

    /// <summary>An option that is null if it is not given.</summary>
    public static Option<T?> Optional<T>(string name, string help, T least, T most)
        where T : struct, INumber<T>
    {
        var rule = new NumberRule<T>(least, most);
        return new Option<T?>(name)
        {
            Description = $"{help} ({rule.Description})",
            CustomParser = result => Read(result, name, rule),
        };
    }

    private static T? Read<T>(ArgumentResult given, string name, NumberRule<T> rule)
        where T : struct, INumber<T>
    {
        var text = given.Tokens[^1].Value;
        var number = rule.Read(text);
        if (number is null)
        {
            given.AddError(rule.Refusal(name, text));
        }

        return number;
    }
}
