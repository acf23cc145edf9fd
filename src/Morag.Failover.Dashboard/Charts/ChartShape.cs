namespace Morag.Failover.Dashboard.Charts;

/// <summary>Turns the values of a chart into coordinates.</summary>
public sealed class ChartShape
{
    /// <summary>The size of the drawing.</summary>
    public const int Width = 640;

    /// <summary>The height of the drawing.</summary>
    public const int Height = 180;

    private const int Left = 44;
    private const int Right = 6;
    private const int Top = 10;
    private const int Bottom = 22;
    private const int PlotWidth = Width - Left - Right;
    private const int PlotHeight = Height - Top - Bottom;

    private readonly ChartData data;

    /// <summary>Computes the scale.</summary>
    public ChartShape(ChartData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        this.data = data;
        var steps = Enumerable.Range(0, data.Range.Steps);
        var most = data.Lines.IsEmpty
            ? 0
            : steps.Max(step => data.Stacked ? data.Lines.Sum(line => line.Values[step]) : data.Lines.Max(line => line.Values[step]));
        Most = NiceCeiling(most);
    }

    /// <summary>The value at the top of the scale.</summary>
    public double Most { get; }

    /// <summary>The horizontal lines of the grid: their place, and the value that they stand for.</summary>
    public IEnumerable<(string Y, string Label)> Grid =>
        from part in new[] { 0, 0.5, 1 }
        select (Text(YOf(Most * part)), Texts.Scale(Most * part));

    /// <summary>The times below the chart: their place, and the time.</summary>
    public IEnumerable<(string X, DateTimeOffset At)> Marks =>
        from quarter in Enumerable.Range(0, 4)
        let step = data.Range.Steps * quarter / 4
        select (Text(XOf(step)), data.Start + (data.Range.Step * step));

    /// <summary>The left edge of the plot.</summary>
    public static string PlotLeft => Text(Left);

    /// <summary>The right edge of the plot.</summary>
    public static string PlotRight => Text(Width - Right);

    /// <summary>The top edge of the plot.</summary>
    public static string PlotTop => Text(Top);

    /// <summary>The bottom edge of the plot.</summary>
    public static string PlotFoot => Text(Top + PlotHeight);

    /// <summary>The lower end of the marks below the plot.</summary>
    public static string MarkFoot => Text(Height);

    /// <summary>The height of the plot.</summary>
    public static string PlotTall => Text(PlotHeight);

    /// <summary>The width of the part that the node knows nothing about; null if there is none.</summary>
    public string? UnknownWidth
    {
        get
        {
            var end = data.Start + (data.Range.Step * data.Range.Steps);
            var known = data.KnownSince ?? end;
            return known <= data.Start ? null : Text(PlotWidth * Math.Min(1, (known - data.Start) / (end - data.Start)));
        }
    }

    /// <summary>The outline of a line's bars, each on top of those of the lines before it if the chart is stacked.</summary>
    public string Path(int line)
    {
        var path = new System.Text.StringBuilder();
        var wide = (double)PlotWidth / data.Range.Steps;
        var bar = Math.Max(1, wide * 0.8);
        for (var step = 0; step < data.Range.Steps; step++)
        {
            var value = data.Lines[line].Values[step];
            if (value <= 0)
            {
                continue;
            }

            var below = data.Stacked ? data.Lines.Take(line).Sum(other => other.Values[step]) : 0;
            var (top, foot) = (YOf(below + value), YOf(below));
            path.Append(CultureInfo.InvariantCulture, $"M{XOf(step):0.#} {foot:0.#}V{top:0.#}h{bar:0.#}V{foot:0.#}z");
        }

        return path.ToString();
    }

    private double XOf(int step) => Left + ((double)PlotWidth * step / data.Range.Steps);

    private double YOf(double value) => Top + (PlotHeight * (1 - (Most <= 0 ? 0 : value / Most)));

    private static string Text(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>The smallest of 1, 2 and 5 times a power of ten that is not below the value.</summary>
    private static double NiceCeiling(double value)
    {
        if (value <= 0)
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return new[] { 1.0, 2, 5, 10 }.Select(factor => factor * power).First(nice => nice >= value * 0.999999);
    }
}
