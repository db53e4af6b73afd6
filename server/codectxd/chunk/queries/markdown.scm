; Headings, with their level; where a section ends follows from the next heading.
(atx_heading (atx_h1_marker) heading_content: (inline) @name) @section.1
(atx_heading (atx_h2_marker) heading_content: (inline) @name) @section.2
(atx_heading (atx_h3_marker) heading_content: (inline) @name) @section.3
(atx_heading (atx_h4_marker) heading_content: (inline) @name) @section.4
(atx_heading (atx_h5_marker) heading_content: (inline) @name) @section.5
(atx_heading (atx_h6_marker) heading_content: (inline) @name) @section.6
(setext_heading heading_content: (paragraph (inline) @name) (setext_h1_underline)) @section.1
(setext_heading heading_content: (paragraph (inline) @name) (setext_h2_underline)) @section.2
