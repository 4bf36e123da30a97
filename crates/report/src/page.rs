//! A page about a run: one self-contained HTML file.

use crate::Plot;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// The contents of a page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The title.
    pub title: String,
    /// Names and values for the table at the top.
    pub facts: Vec<(String, String)>,
    /// Plots.
    pub plots: Vec<Plot>,
    /// Sheets of samples in the order of time, each with its caption and its PNG file.
    pub sheets: Vec<(String, Vec<u8>)>,
    /// Headings and longer texts, such as the configuration.
    pub texts: Vec<(String, String)>,
}

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}table{border-collapse:collapse}\
td{padding:.15em 1.2em .15em 0;vertical-align:top}td:first-child{color:#666}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(430px,100%),1fr));gap:1em}.plots svg{width:100%;height:auto}\
.sheet{image-rendering:pixelated;max-width:100%;border:1px solid #ddd}input[type=range]{width:100%;max-width:600px}\
pre{background:#f6f6f6;padding:1em;overflow:auto;font-size:13px}@media(prefers-color-scheme:dark){\
body{background:#181818;color:#ddd}pre{background:#222}.plots svg{background:#fff}td:first-child{color:#999}}";

impl Page {
    /// The page as an HTML document.
    pub fn html(&self) -> String {
        let mut html = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut html);
        html
    }

    fn write(&self, html: &mut String) -> std::fmt::Result {
        let title = escape(&self.title);
        write!(
            html,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n\
             <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<table>\n"
        )?;
        for (name, value) in &self.facts {
            writeln!(html, "<tr><td>{}</td><td>{}</td></tr>", escape(name), escape(value))?;
        }
        html.push_str("</table>\n");
        if !self.sheets.is_empty() {
            self.write_sheets(html)?;
        }
        if !self.plots.is_empty() {
            html.push_str("<h2>Curves</h2>\n<div class=\"plots\">\n");
            for plot in &self.plots {
                html.push_str(&plot.svg());
            }
            html.push_str("</div>\n");
        }
        for (heading, text) in &self.texts {
            writeln!(html, "<h2>{}</h2>\n<pre>{}</pre>", escape(heading), escape(text))?;
        }
        html.push_str("</body></html>\n");
        Ok(())
    }

    /// Writes a slider over the sheets, which starts at the newest one. Without scripts the newest sheet is shown.
    fn write_sheets(&self, html: &mut String) -> std::fmt::Result {
        let last = self.sheets.len() - 1;
        write!(
            html,
            "<h2>Samples</h2>\n<p><input id=\"slider\" type=\"range\" aria-label=\"sheet\" autocomplete=\"off\" min=\"0\" max=\"{last}\" value=\"{last}\"> \
             <span id=\"caption\">{}</span></p>\n",
            escape(&self.sheets[last].0)
        )?;
        for (i, (caption, png)) in self.sheets.iter().enumerate() {
            let hidden = if i == last { "" } else { " hidden" };
            writeln!(
                html,
                "<img class=\"sheet\"{hidden} alt=\"{0}\" title=\"{0}\" src=\"data:image/png;base64,{1}\">",
                escape(caption),
                STANDARD.encode(png)
            )?;
        }
        html.push_str(
            "<script>\nconst sheets=[...document.querySelectorAll('.sheet')],slider=document.getElementById('slider');\n\
             slider.oninput=()=>{sheets.forEach((sheet,i)=>sheet.hidden=i!=slider.value);\
             document.getElementById('caption').textContent=sheets[slider.value].title};\n</script>\n",
        );
        Ok(())
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scale, Series};

    #[test]
    fn a_page_holds_everything_and_needs_no_network() {
        let series = vec![Series { name: "loss".into(), points: vec![(0.0, 1.0), (1.0, 0.5)] }];
        let plot = Plot {
            title: "Loss".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            y_scale: Scale::Log,
            series,
        };
        let page = Page {
            title: "a <run> & \"more\"".into(),
            facts: vec![("images".into(), "64".into())],
            plots: vec![plot],
            sheets: vec![("first".into(), b"one".to_vec()), ("second".into(), b"two".to_vec())],
            texts: vec![("config".into(), "a = \"<b>\"".into())],
        };
        let html = page.html();
        for part in [
            "a &lt;run&gt; &amp; &quot;more&quot;",
            "<td>64</td>",
            "<svg",
            "b25l",
            "dHdv",
            "a = &quot;&lt;b&gt;&quot;",
            "max=\"1\"",
        ] {
            assert!(html.contains(part), "`{part}` is missing");
        }
        assert_eq!(html.matches(" hidden").count(), 1, "only the newest sheet is visible");
        let outside = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http") && !outside.contains("src=\"/"));
        assert!(!Page::default().html().contains("slider"));
    }
}
