using System.Globalization;
using System.Numerics;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// The format and range of a number on the command line. The format does not depend on the machine's language: a decimal point, and no
/// separator between thousands.
/// </summary>
internal sealed record NumberRule<T>(T? Least, T? Most)
    where T : struct, INumber<T>
{
    private static readonly bool IsWhole = T.IsInteger(T.One / (T.One + T.One));

    private static readonly NumberStyles Style = IsWhole
        ? NumberStyles.AllowLeadingSign
        : NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>The rule as text, such as <c>a whole number from 1 to 100</c>.</summary>
    public string Description => $"{(IsWhole ? "a whole number" : "a number")}{Range}";

    private string Range => (Least, Most) switch
    {
        ({ } least, { } most) => $" from {Text(least)} to {Text(most)}",
        ({ } least, null) => $" of at least {Text(least)}",
        (null, { } most) => $" of at most {Text(most)}",
        (null, null) => "",
    };

    /// <summary>Parses a number; null if the text is not a number or is outside the range.</summary>
    public T? Read(string text) =>
        T.TryParse(text, Style, CultureInfo.InvariantCulture, out var number)
        && T.IsFinite(number)
        && (Least is not { } least || number >= least)
        && (Most is not { } most || number <= most)
            ? number
            : null;

    /// <summary>The error message for an invalid value.</summary>
    public string Refusal(string option, string text) => $"{option} must be {Description}, not \"{text}\"";

    private static string Text(T number) => number.ToString("0.##########", CultureInfo.InvariantCulture);
}
